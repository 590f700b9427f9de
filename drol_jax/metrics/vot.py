"""VOT's supervised restart: accuracy, robustness, lost number and expected average overlap (EAO).

Source: Kristan et al., "The Visual Object Tracking VOT2015 challenge results" (measures), VOT2016 to VOT2019 (the
intervals). A tracker is started anew five frames after each failure; its file holds 1 where it starts, 2 where it
fails, 0 where nothing runs. Three dialects:

| | `pysot` | `vot` (vot-toolkit) | `got10k` |
| --- | --- | --- | --- |
| pixels | `raster` TRAX, bounds (w, h), for EAO (w-1, h-1) | `raster` VOT | exact areas in (w, h) |
| accuracy | mean over all frames together | per sequence, weighted by its length | per tag, weighted by its frames |
| robustness | failures a hundred frames | failures a sequence, weighted by length | failures a tag, weighted |
| lengths | result and groundtruth cut to the shorter | equal | equal |
| repetitions | all fifteen, or the first | all | all |
| EAO fragments | from 0 and five frames after each failure, to the next start | from start to failure | none |
| EAO interval | curve[low - 1 .. high - 1] | curve[low .. high] | none |

The ten frames from each start count for no accuracy in any of them, but do for EAO.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from drol_jax.metrics.eao import eao
from drol_jax.metrics.restart import Judged, VotDialect


@dataclass(frozen=True)
class Supervised:
    """What a tracker reached on some sequences."""

    accuracy: float
    robustness: float
    """Failures a hundred frames (pysot), a sequence (vot), or a tag (got10k); smaller is better."""
    lost: float
    """Failures in one pass over the sequences, the mean over the repetitions."""
    eao: float | None
    """None where the benchmark or the dialect has none."""


def supervised(
    judged: Sequence[Judged],
    interval: tuple[int, int] | None = None,
    dialect: VotDialect = "pysot",
) -> Supervised:
    """Accuracy, robustness, lost number and EAO over sequences.

    Args:
      judged: in the same dialect, with equally many repetitions (pysot); at least one.
      interval: (low, high) of the EAO curve, in frames; None for no EAO.

    Raises:
      ValueError: nothing to average.
    """
    if not judged:
        raise ValueError("no sequences")
    lengths = np.array([one.frames for one in judged], np.float64)
    failures = np.array([np.mean([len(f) for f in one.failures]) for one in judged])
    if dialect == "vot":
        means = [np.mean([_mean_or_zero(row) for row in one.accuracy]) for one in judged]
        accuracy, robustness = np.average(means, weights=lengths), np.average(failures, weights=lengths)
    elif dialect == "pysot":
        accuracy = _mean_or_zero(np.concatenate([_over_repetitions(one.accuracy) for one in judged]))
        robustness = failures.sum() / lengths.sum() * 100
    else:
        accuracy, robustness = _by_tag(judged)
    expected = None if interval is None or dialect == "got10k" else eao(judged, interval, dialect)
    return Supervised(float(accuracy), float(robustness), float(failures.sum()), expected)


def supervised_by_tag(
    judged: Sequence[Judged], interval: tuple[int, int] | None = None
) -> dict[str, tuple[int, Supervised]]:
    """PySOT's measures over the frames that carry a tag: by tag, the number of such frames and what was reached.

    EAO weighs each fragment by the share of its frames that carry the tag; of a tag that one sequence alone carries
    there is none. Tags that no frame carries are left out.
    """
    result = {}
    for tag in sorted({tag for one in judged for tag in one.tags}):
        carriers = [one for one in judged if tag in one.tags and one.tags[tag].any()]
        frames = int(sum(one.tags[tag].sum() for one in carriers))
        if not frames:
            continue
        counted = np.concatenate([_over_repetitions(one.accuracy)[one.tags[tag]] for one in carriers])
        lost = sum(float(np.mean([one.tags[tag][f[f < one.frames]].sum() for f in one.failures])) for one in carriers)
        expected = None if interval is None or len(carriers) == 1 else eao(carriers, interval, "pysot", tag)
        result[tag] = (frames, Supervised(_mean_or_zero(counted), lost / frames * 100, lost, expected))
    return result


def _mean_or_zero(row: np.ndarray) -> float:
    return float(np.nanmean(row)) if (~np.isnan(row)).any() else 0.0


def _over_repetitions(table: np.ndarray) -> np.ndarray:
    """Mean over repetitions [R, T] -> [T], NaN where no repetition counts."""
    known = ~np.isnan(table)
    return np.where(known.any(0), np.nansum(table, 0) / np.maximum(known.sum(0), 1), np.nan)


def _by_tag(judged: Sequence[Judged]) -> tuple[float, float]:
    """got10k's accuracy and robustness: per tag, weighted by how many frames carry it; "empty" carries none."""
    names = sorted({name for one in judged for name in one.tags if name != "empty"})
    marks = [
        np.stack([one.tags.get(n, np.zeros(one.frames, bool)) for n in names]) if names else None for one in judged
    ]
    masks = np.concatenate(
        [
            np.concatenate([m, ~m.any(0, keepdims=True)]) if m is not None else np.ones((1, one.frames), bool)
            for m, one in zip(marks, judged, strict=True)
        ],
        1,
    )
    overlap = np.concatenate([_over_repetitions(one.accuracy) for one in judged])
    failed = np.concatenate([np.mean([np.isin(np.arange(one.frames), f) for f in one.failures], 0) for one in judged])
    weights = masks.sum(1) / masks.sum()
    per_tag = np.array([_mean_or_zero(overlap[m]) for m in masks])
    return float((per_tag * weights).sum()), float((np.array([failed[m].sum() for m in masks]) * weights).sum())
