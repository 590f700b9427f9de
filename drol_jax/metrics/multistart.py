"""VOT's anchor-based experiment (VOT2020 and later): accuracy, robustness and EAO, as vot-toolkit computes them.

Source: Kristan et al., "The Eighth Visual Object Tracking VOT2020 Challenge Results". A tracker is started at anchors,
about fifty frames apart, and runs from each towards the farther end of the sequence; it is never restarted. It has
failed where its overlap stayed at or below 0.1 for ten frames on end.

Overlaps count pixels (`raster`, VOT) within the image. The start's own frame holds a code, not a region: its overlap
is zero, and it stays in the accuracy, as in the toolkit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from drol_jax.metrics.raster import overlaps
from drol_jax.metrics.regions import Regions

INTERVAL = (115, 755)
"""Lengths between which the EAO curve is averaged, VOT2020 to VOT2022."""

GRACE, THRESHOLD = 10, 0.1


@dataclass(frozen=True, eq=False)
class Anchored:
    """One run from an anchor, compared with the groundtruth in the order in which it was tracked."""

    overlaps: np.ndarray
    """float64 [L]; zero from the failure on."""
    progress: int
    """Frames until the failure; L where there is none."""


@dataclass(frozen=True)
class MultiStart:
    """What a tracker reached on some sequences."""

    accuracy: float
    """Mean overlap until the failure, in [0, 1]."""
    robustness: float
    """Share of frames before the failure, in [0, 1]; larger is better."""
    eao: float


def judge_run(
    groundtruth: Regions, run: Regions, anchor: int, size: tuple[int, int], forward: bool | None = None
) -> Anchored:
    """Compare one run with the groundtruth.

    Args:
      groundtruth: T frames of the whole sequence.
      run: the frames from the anchor to the sequence's end, or back to its beginning.
      anchor: where the run started, from 0.
      size: (height, width) of the images.
      forward: to the sequence's end; False for back to its beginning; None for the way that the length fits, forward
        where both do.

    Raises:
      ValueError: the anchor is not in the sequence, or the run's length does not fit the direction.
    """
    ahead, behind = len(groundtruth) - anchor, anchor + 1
    forward = len(run) == ahead if forward is None else forward
    if not 0 <= anchor < len(groundtruth) or len(run) != (ahead if forward else behind):
        raise ValueError(
            f"{len(run)} frames from anchor {anchor}; of {len(groundtruth)} {ahead} lie ahead and {behind} behind"
        )
    order = np.arange(anchor, len(groundtruth)) if forward else np.arange(anchor, -1, -1)
    seen = groundtruth[order]
    values = overlaps(run, seen, (size[1], size[0]), "vot")
    lost = (values <= THRESHOLD) & seen.is_region
    # The length of each stretch of lost frames, up to and with the frame.
    index = np.arange(len(lost))
    stretch = index - np.maximum.accumulate(np.where(lost, -1, index))
    failed = np.flatnonzero(stretch >= GRACE)
    progress = int(failed[0]) + 1 - GRACE if len(failed) else len(run)
    values[progress:] = 0
    return Anchored(values, progress)


def multistart(sequences: Sequence[tuple[int, Sequence[Anchored]]], interval: tuple[int, int] = INTERVAL) -> MultiStart:
    """Accuracy, robustness and EAO over sequences.

    Args:
      sequences: per sequence its length and its runs; at least one of each.

    Raises:
      ValueError: no sequence, or one without runs.
    """
    if not sequences or any(not runs for _, runs in sequences):
        raise ValueError("no runs")
    hits = reached = robust = weight = 0.0
    curve, weights = np.zeros(interval[1]), np.zeros(interval[1])
    for length, runs in sequences:
        progress = sum(run.progress for run in runs)
        hits += sum(float(run.overlaps[: run.progress].sum()) for run in runs)
        reached += progress
        robust += progress / sum(len(run.overlaps) for run in runs) * length
        weight += length
        mean, active = _partial_curve(runs, interval[1])
        curve += mean * active
        weights += active
    curve = np.where(weights > 0, curve / np.maximum(weights, 1), 0)
    return MultiStart(
        accuracy=hits / reached if reached else 0.0,
        robustness=robust / weight,
        eao=float(curve[interval[0] : interval[1] + 1].mean()),
    )


def eao_parts(
    sequences: Sequence[Sequence[Anchored]], interval: tuple[int, int] = INTERVAL
) -> tuple[np.ndarray, np.ndarray]:
    """What each sequence adds to the numerator and the denominator of the EAO curve within the interval's lengths.

    Lengths that no run has count as zero, so that every denominator is above it.

    Returns:
      float64 [sequences, lengths] each.
    """
    means, active = np.array([_partial_curve(runs, interval[1]) for runs in sequences]).swapaxes(0, 1)
    return (means * active)[:, interval[0] :], active[:, interval[0] :] + 1e-12


def _partial_curve(runs: Sequence[Anchored], length: int) -> tuple[np.ndarray, np.ndarray]:
    """One sequence's EAO curve and the number of runs behind each entry: float64 [length] each."""
    total, active = np.zeros(length), np.zeros(length)
    lengths = np.arange(length)
    for run in runs:
        frames = len(run.overlaps)
        sums = np.concatenate([[0.0], np.cumsum(run.overlaps[1:])])
        within = slice(1, min(frames, length))
        total[within] += sums[within] / lengths[within]
        active[within] += 1
        if run.progress < frames and frames < length:
            # A failed run goes on as zeros; the toolkit divides these sums by one frame less.
            total[frames:] += sums[-1] / np.maximum(lengths[frames:] - 1, 1)
            active[frames:] += 1
    return np.where(active > 0, total / np.maximum(active, 1), 0), active
