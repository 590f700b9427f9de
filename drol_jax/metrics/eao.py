"""Expected average overlap: how well a tracker overlaps with its target over sequences of a given length."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from drol_jax.metrics.restart import SKIPPED, Judged, VotDialect

INTERVALS = {
    "VOT2015": (108, 371),
    "VOT2016": (108, 371),
    "VOT2017": (100, 356),
    "VOT2018": (100, 356),
    "VOT2019": (46, 291),
}
"""Lengths between which the curve is averaged, as each challenge set them."""


def eao(
    judged: Sequence[Judged], interval: tuple[int, int], dialect: VotDialect = "pysot", tag: str | None = None
) -> float:
    """The curve's mean over an interval of lengths; NaN where it reaches none of them.

    Args:
      interval: (low, high), frames. vot-toolkit averages curve[low .. high], PySOT curve[low - 1 .. high - 1].
    """
    low, high = interval if dialect == "vot" else (interval[0] - 1, interval[1] - 1)
    chosen = eao_curve(judged, dialect, tag)[low : high + 1]
    chosen = chosen[~np.isnan(chosen)]
    return float(chosen.mean()) if len(chosen) else float("nan")


def eao_parts(
    judged: Sequence[Judged], interval: tuple[int, int], dialect: VotDialect = "pysot"
) -> tuple[np.ndarray, np.ndarray]:
    """What each sequence adds to the numerator and the denominator of the curve within the interval.

    The curve of sequences is the sum of the ones over the sum of the others, which makes resampling them cheap.

    Returns:
      float64 [sequences, lengths] each.
    """
    low, high = interval if dialect == "vot" else (interval[0] - 1, interval[1] - 1)
    reach = _weighed(judged, dialect, None)[0].shape[1] + 1
    rows = []
    for one in judged:
        means, weight, known = _weighed([one], dialect, None, reach)
        rows.append([np.where(known, means * weight, 0).sum(0), weight.sum(0)])
    top, bottom = np.array(rows)[:, :, low - 1 : high].swapaxes(0, 1)
    return top, bottom


def eao_curve(judged: Sequence[Judged], dialect: VotDialect = "pysot", tag: str | None = None) -> np.ndarray:
    """Expected average overlap by length: float64 [longest], entry i the mean over frames 1..i of a run's overlaps.

    Args:
      tag: weigh every fragment by the share of its frames that carry the tag (pysot); None for one each.
    """
    means, weight, known = _weighed(judged, dialect, tag)
    with np.errstate(divide="ignore", invalid="ignore"):
        curve = np.where(known, means * weight, 0).sum(0) / weight.sum(0)
    # The first entry is one by definition; both toolkits keep the curve in single precision.
    curve = np.where(known.any(0), curve, 0.0 if dialect == "pysot" else np.nan)
    return np.concatenate([[1.0], curve]).astype(np.float32).astype(np.float64)


def _weighed(
    judged: Sequence[Judged], dialect: VotDialect, tag: str | None, reach: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of every stretch of every run the mean overlaps over frames 1..i, their weights, and whether they are known;
    [runs, lengths], up to the longest sequence's, or `reach`."""
    rows, weights, ended = [], [], []
    for one in judged:
        marked = np.ones(one.frames) if tag is None else one.tags[tag].astype(np.float64)
        for row, starts, failures in zip(one.overlaps, one.starts, one.failures, strict=True):
            segments = _runs(len(row), starts, failures) if dialect == "vot" else _fragments(len(row), failures)
            for first, last, failed in segments:
                part = row[first:last]
                rows.append(part if len(failures) == 0 else np.nan_to_num(part))
                weights.append(marked[first:last].sum() / (last - first) if dialect == "pysot" else 1.0)
                ended.append(not failed)
    longest = max(one.frames for one in judged) if dialect == "pysot" else max(len(row) for row in rows)
    longest = max(longest, reach)
    table = np.full((len(rows), longest), np.nan)
    for line, row, whole in zip(table, rows, ended, strict=True):
        line[:] = np.nan if whole else 0.0  # after a failure nothing overlaps any more; after the end nothing is known
        line[: min(len(row), longest)] = row[:longest]
    known = ~np.isnan(table[:, 1:])
    with np.errstate(divide="ignore", invalid="ignore"):
        means = np.cumsum(table[:, 1:], 1) / np.arange(1, longest)
    return means, np.asarray(weights)[:, None] * known, known


def _runs(frames: int, starts: np.ndarray, failures: np.ndarray) -> list[tuple[int, int, bool]]:
    """(first, end, failed) of the stretches from a start to its failure, or to the sequence's end."""
    if not len(failures):
        return [(0, frames, False)]
    segments = [(int(s), int(f), True) for s, f in zip(starts, failures, strict=False)]
    return segments + ([(int(starts[-1]), frames, False)] if len(starts) > len(failures) else [])


def _fragments(frames: int, failures: np.ndarray) -> list[tuple[int, int, bool]]:
    """The same as PySOT cuts them: up to and with the next start, whether or not anything ran in between."""
    points = [0, *(int(f) + SKIPPED for f in failures if f + SKIPPED <= frames)]
    segments = [(first, after + 1, True) for first, after in pairwise(points)]
    return segments + ([(points[-1], frames, False)] if points[-1] < frames else [])
