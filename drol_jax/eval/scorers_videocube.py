"""The scorer of VideoCube, of one pass and of passes that are started again after failures (R-OPE)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval.scorers import Carried, same_lengths, size_of
from drol_jax.metrics import videocube
from drol_jax.metrics.videocube import GlobalScores
from drol_jax.report.columns import Column, Numbers
from drol_jax.results.groundtruth import own_boxes
from drol_jax.results.runs import Run

_ALIKE = "corrcoef"
"""The attribute that says how much a frame is like the one before."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One sequence, by repetition."""

    scores: Sequence[GlobalScores]
    tagged: Mapping[str, tuple[int, Sequence[GlobalScores]]]
    """Frames that carry an attribute and count, and the scores over them; none where there is no such frame."""
    robustness: float | None


class VideoCubeScorer:
    """Success, precision and normalised precision of global instance tracking; robustness of R-OPE."""

    dialect, regions = "videocube", False

    def __init__(self, *, restarts: bool = False):
        self._restarts = restarts
        self.convention = "VideoCube's toolkit; boxes cut to the image, hidden and cut frames not counted, " + (
            "passes started again after ten failures on end" if restarts else "groundtruth as it stands"
        )
        self.columns = (
            Column("auc", "SUC", "success, mean of 101 thresholds of the overlap"),
            Column("precision_20", "PRE", "precision below 20 px"),
            Column("normalised_precision", "N-PRE", "centres inside the groundtruth's box"),
            *([Column("robustness", "R", "how seldom started again")] if restarts else []),
            Column("success_50", "SR.50", "overlap above 0.5"),
            Column("success_diou", "DIoU", "success of the overlap less the distance of centres"),
            Column("success_giou", "GIoU", "success of the overlap less the space around both"),
        )

    def judge(self, sequence: datasets.Sequence, runs: Mapping[int, Run]) -> Judged:
        groundtruth, size = own_boxes(sequence), size_of(sequence)
        gone = np.zeros(len(groundtruth), bool) if sequence.absent is None else sequence.absent
        same_lengths(runs, len(groundtruth))

        def scores(without: np.ndarray) -> list[GlobalScores]:
            return [videocube.score(run.regions.boxes, groundtruth, size, without) for run in runs.values()]

        counted = {tag: int((marks & ~gone).sum()) for tag, marks in sequence.tags.items()}
        return Judged(
            scores=scores(gone),
            tagged={tag: (n, scores(gone | ~sequence.tags[tag]) if n else ()) for tag, n in counted.items()},
            robustness=_robustness(sequence, list(runs.values())) if self._restarts else None,
        )

    def numbers(self, judged: Sequence[Judged]) -> Numbers:
        reached = _numbers(_mean([one.scores for one in judged]))
        if not self._restarts:
            return reached
        return {**reached, "robustness": float(np.mean([one.robustness or 0.0 for one in judged]))}

    def curves(self, judged: Sequence[Judged]) -> dict[str, list[float]]:
        mean = _mean([one.scores for one in judged])
        # As many pixels as the other dialects' curves have; the toolkit's go to 400.
        return {"success": mean.success.tolist(), "precision": mean.precision[:51].tolist()}

    def attributes(self, judged: Mapping[str, Judged], carried: Carried) -> dict[str, tuple[int, Numbers]]:
        names = sorted({tag for one in judged.values() for tag in one.tagged})
        every = {tag: [one.tagged[tag] for one in judged.values() if tag in one.tagged] for tag in names}
        return {
            tag: (sum(n for n, _ in some), _numbers(_mean([scores for _, scores in some])))
            for tag, some in every.items()
            if any(n for n, _ in some)
        }

    def parts(self, judged: Sequence[Judged]) -> None:
        return None

    def remarks(self, judged: Sequence[Judged]) -> tuple[str, ...]:
        never = sum(all(run.inside == 0 for run in one.scores) for one in judged)
        if not 0 < never < len(judged):
            return ()
        return (f"note: N-PRE is the mean without the {never} sequences in which it is zero, as the toolkit has it.",)


def _mean(every: Sequence[Sequence[GlobalScores]]) -> GlobalScores:
    """Mean over sequences of the means over repetitions; those without a frame have none."""
    some = [scores for scores in every if scores]
    means = [videocube.mean(scores, zeros=True) for scores in some]
    return videocube.mean(means, zeros=False, empty=len(every) - len(some))


def _numbers(mean: GlobalScores) -> Numbers:
    return {
        "auc": float(mean.success.mean()),
        "precision_20": mean.precision_at_20,
        "normalised_precision": mean.inside,
        "success_50": mean.success_at_05,
        "success_diou": float(mean.distance_success.mean()),
        "success_giou": float(mean.generalised_success.mean()),
    }


def _robustness(sequence: datasets.Sequence, runs: Sequence[Run]) -> float:
    """Mean over repetitions. Raises a UserError where a file is missing that the toolkit reckons it by."""
    if sequence.restarts is None or _ALIKE not in sequence.measured:
        what = "restart" if sequence.restarts is None else _ALIKE
        raise UserError(f"robustness needs attribute/{what} of the info data, which is not there; unpack it again")
    started = [run.starts for run in runs]
    if any(starts is None for starts in started):
        raise UserError(
            "no file init_... beside it says in which frames the tracker was started again, so that this is one pass, "
            "and R-OPE is scored here; drop --protocol r-ope"
        )
    alike = float(np.nanmean(sequence.measured[_ALIKE]))
    places = len(sequence.restarts)
    return float(np.mean([videocube.robustness(len(one), places, alike) for one in started if one is not None]))
