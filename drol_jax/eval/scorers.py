"""One scorer for each kind of evaluation: from a sequence and its result files to numbers."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.image.frames import read
from drol_jax.metrics import ope
from drol_jax.metrics.dialects import Dialect
from drol_jax.metrics.got10k import frame_overlaps, got10k
from drol_jax.report.columns import Column, Numbers
from drol_jax.results.groundtruth import own_boxes
from drol_jax.results.runs import Run

Carried = Mapping[str, tuple[str, ...]]
"""Attributes of each sequence, by its name."""


class Scorer(Protocol):
    """What turns results into numbers, in one dialect."""

    @property
    def dialect(self) -> str: ...

    @property
    def convention(self) -> str: ...

    @property
    def columns(self) -> tuple[Column, ...]: ...

    @property
    def regions(self) -> bool:
        """Result files hold codes or polygons beside boxes."""
        ...

    def judge(self, sequence: datasets.Sequence, runs: Mapping[int, Run]) -> Any:
        """Compare one sequence's runs, by repetition or anchor, with the groundtruth; UserError where they do not
        fit."""
        ...

    def numbers(self, judged: Sequence[Any]) -> Numbers:
        """The measures over one sequence or several."""
        ...

    def curves(self, judged: Sequence[Any]) -> dict[str, list[float]]: ...

    def attributes(self, judged: Mapping[str, Any], carried: Carried) -> dict[str, tuple[int, Numbers]]: ...

    def parts(self, judged: Sequence[Any]) -> tuple[np.ndarray, np.ndarray] | None:
        """What each sequence adds to the first measure's numerators and denominators [sequences, lengths], where that
        is a measure of all sequences together; None where single sequences have it."""
        ...

    def remarks(self, judged: Sequence[Any]) -> tuple[str, ...]:
        """Why a measure over several sequences does not exist, in words."""
        ...


class BySequence:
    """Attributes that belong to sequences: the measures over those that carry one. Every measure exists."""

    def attributes(self, judged: Mapping[str, Any], carried: Carried) -> dict[str, tuple[int, Numbers]]:
        names = sorted({name for sequence in judged for name in carried.get(sequence, ())})
        members = {
            name: [one for sequence, one in judged.items() if name in carried.get(sequence, ())] for name in names
        }
        return {name: (len(some), self.numbers(some)) for name, some in members.items()}

    def parts(self, judged: Sequence[Any]) -> tuple[np.ndarray, np.ndarray] | None:
        return None

    def remarks(self, judged: Sequence[Any]) -> tuple[str, ...]:
        return ()

    def numbers(self, judged: Sequence[Any]) -> Numbers:
        raise NotImplementedError


class OpeScorer(BySequence):
    """Success, precision and normalised precision in a toolkit's dialect."""

    regions = False

    def __init__(self, chosen: Dialect, *, pad_short: bool = False):
        self._chosen, self._pad_short, self.dialect = chosen, pad_short, chosen.name
        self.convention = _in_words(chosen) + ("; short results continued with their last box" if pad_short else "")
        reading = "at 0.2" if chosen.normalised_reading == "at_0.2" else "mean over 0..0.5"
        self.columns = (
            Column("auc", "AUC", "success, mean of 21 thresholds"),
            Column("precision_20", "P@20", "precision at 20 px"),
            Column("normalised_precision", "NP", f"normalised precision, {reading}"),
            Column("success_50", "SR.50", "overlap above 0.5"),
            Column("success_75", "SR.75", "overlap above 0.75"),
        )

    def judge(self, sequence: datasets.Sequence, runs: Mapping[int, Run]) -> ope.Scores:
        groundtruth = own_boxes(sequence)
        return ope.mean(
            ope.score(run.regions.boxes, groundtruth, self._chosen, sequence.absent, pad_short=self._pad_short)
            for run in runs.values()
        )

    def numbers(self, judged: Sequence[ope.Scores]) -> Numbers:
        mean = ope.mean(judged)
        values = (mean.auc, mean.precision_at_20, mean.normalised, mean.success_at_05, mean.success_at_075)
        return dict(zip((column.key for column in self.columns), values, strict=True))

    def curves(self, judged: Sequence[ope.Scores]) -> dict[str, list[float]]:
        mean = ope.mean(judged)
        return {name: getattr(mean, name).tolist() for name in ("success", "precision", "normalised_precision")}


class Got10kScorer(BySequence):
    """Average overlap and success rates over pooled frames."""

    dialect, regions = "got10k", False
    convention = "GOT-10k's toolkit; first frame dropped, hidden frames not counted, all frames pooled"
    columns = (
        Column("ao", "AO", "average overlap"),
        Column("sr_50", "SR.50", "overlap above 0.5"),
        Column("sr_75", "SR.75", "overlap above 0.75"),
    )

    def judge(self, sequence: datasets.Sequence, runs: Mapping[int, Run]) -> np.ndarray:
        groundtruth = own_boxes(sequence)
        parts = []
        same_lengths(runs, len(groundtruth))
        for run in runs.values():
            parts.append(frame_overlaps(run.regions.boxes, groundtruth, sequence.size, sequence.absent))
        return np.concatenate(parts)

    def numbers(self, judged: Sequence[np.ndarray]) -> Numbers:
        if not sum(len(one) for one in judged):
            return {column.key: None for column in self.columns}
        reached = got10k(judged)
        return {"ao": reached.ao, "sr_50": reached.sr50, "sr_75": reached.sr75}

    def curves(self, judged: Sequence[np.ndarray]) -> dict[str, list[float]]:
        return {"success": got10k(judged).curve.tolist()} if sum(len(one) for one in judged) else {}


def same_lengths(runs: Mapping[int, Run], frames: int) -> None:
    """Raise a UserError where a result does not have a line for every frame; names the repetition of several."""
    for number, run in runs.items():
        if (lines := len(run.regions)) != frames:
            which = f"repetition {number}: " if len(runs) > 1 else ""
            raise UserError(f"{which}{lines} lines for {frames} frames; track it again")


def size_of(sequence: datasets.Sequence) -> tuple[int, int]:
    """(height, width) of the images, from the annotations or else the first image.

    Raises:
      UserError: neither says.
    """
    if sequence.size is not None:
        return sequence.size
    try:
        height, width, _ = read(sequence.frames[0]).shape
    except UserError as error:
        raise UserError(
            "the annotations do not say how large the images are, which the measures need, and the first cannot be "
            f"read ({error}); put the images there, or use an annotation that tells width and height"
        ) from error
    return height, width


def _in_words(chosen: Dialect) -> str:
    """What a dialect does where dialects differ."""
    first = "first frame is the groundtruth" if chosen.first_frame == "groundtruth" else "first frame as it stands"
    denominator = "all frames" if chosen.frames == "all" else "frames of known groundtruth"
    absent = "absent frames are misses" if chosen.absent == "missed" else "absent flags ignored"
    valid = {"sized": "w, h > 0", "positive": "x, y, w, h > 0", "any": "any"}[chosen.valid]
    return (
        f"{first}, over {denominator}, {absent}, groundtruth counts with {valid}, else precision a {chosen.centre_else}"
    )
