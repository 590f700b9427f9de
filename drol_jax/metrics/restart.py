"""What happened in VOT's supervised restart: a sequence's trajectories, compared with its groundtruth frame by
frame."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from drol_jax.metrics.polygons import exact_overlaps
from drol_jax.metrics.raster import overlaps
from drol_jax.metrics.regions import FAILED, INITIALISED, REGION, UNKNOWN, Regions

VotDialect = Literal["pysot", "vot", "got10k"]
"""Whose conventions; `drol_jax.metrics.vot` tells them apart."""

BURN_IN, SKIPPED, REPETITIONS = 10, 5, 15
"""Frames from a start that count for no accuracy; frames from a failure to the next start; runs a sequence."""


@dataclass(frozen=True, eq=False)
class Judged:
    """One sequence's trajectories, compared with the groundtruth."""

    frames: int
    """T, that count: PySOT cuts result and groundtruth to the shorter."""
    accuracy: np.ndarray
    """float64 [R, T]: overlaps that count for accuracy, of R repetitions; NaN where none does."""
    overlaps: np.ndarray
    """float64 [R, T]: all overlaps, for EAO; NaN (pysot) or 0 (vot) where nothing runs."""
    starts: tuple[np.ndarray, ...]
    """Frames in which the tracker was started, per repetition."""
    failures: tuple[np.ndarray, ...]
    """Frames in which it failed, per repetition."""
    tags: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Tags by name, bool [T]: the frames that carry them."""
    cut: tuple[int, int] | None = None
    """Lines of the result and frames of the groundtruth, where they differ."""
    silent: tuple[int, int] | None = None
    """(repetition, frame), both from 0, where a result first shares no pixel with the groundtruth in two frames on end,
    or is unknown in two behind a region, and no failure is written: that was not supervised. A single frame proves
    nothing, as programs fill pixels differently: published runs hold a few."""
    passed_over: int = 0
    """Repetitions that the toolkit does not score, and that differ from the first."""


def judge(
    groundtruth: Regions,
    trajectories: Sequence[Regions],
    size: tuple[int, int],
    dialect: VotDialect = "pysot",
    tags: Mapping[str, np.ndarray] | None = None,
    *,
    cut: bool = False,
) -> Judged:
    """Compare the trajectories of one sequence with its groundtruth.

    Args:
      groundtruth: T frames.
      trajectories: R repetitions, T frames each, in order.
      size: (height, width) of the images.
      tags: by name bool [T].
      cut: trajectories of one other length are cut to the groundtruth's, or it to theirs, as PySOT's toolkit does;
        failures count to the end.

    Raises:
      ValueError: no trajectory, or one of another length than the groundtruth.
    """
    every, trajectories = trajectories, counted(trajectories, dialect)
    lengths = {len(t) for t in trajectories}
    if len(lengths) != 1 or (not cut and lengths != {len(groundtruth)}):
        raise ValueError(
            f"{[len(t) for t in trajectories]} frames in the trajectories for {len(groundtruth)} of groundtruth"
        )
    failures = tuple(t.frames_of(FAILED) for t in trajectories)
    lines, whole = lengths.pop(), len(groundtruth)
    frames = min(lines, whole)
    trajectories, groundtruth = [t[:frames] for t in trajectories], groundtruth[:frames]
    pairs: list[tuple[np.ndarray, np.ndarray]] = []
    for number, trajectory in enumerate(trajectories):
        # Fifteen runs of a deterministic tracker are one.
        twin = next((i for i in range(number) if _equal(trajectories[i], trajectory)), None)
        fresh = _compared(trajectory, groundtruth, (size[1], size[0]), dialect) if twin is None else pairs[twin]
        pairs.append((fresh[0].copy(), fresh[1]))
    silent = None
    for number, ((shared, _), trajectory) in enumerate(zip(pairs, trajectories, strict=True)):
        apart = (shared == 0) & trajectory.is_region
        unknown = trajectory.codes == UNKNOWN  # which belongs behind a failure alone
        for frame in np.flatnonzero(unknown[1:] & trajectory.is_region[:-1]) + 1:
            apart[frame : frame + 2] |= unknown[frame : frame + 2]
        apart &= groundtruth.is_region
        apart[:-1] &= apart[1:]
        if silent is None and apart[:-1].any():
            silent = number, int(np.argmax(apart))
        shared[trajectory.codes != REGION] = np.nan
        for start in trajectory.frames_of(INITIALISED):
            shared[start : start + BURN_IN] = np.nan
    return Judged(
        frames=frames,
        accuracy=np.stack([shared for shared, _ in pairs]),
        overlaps=np.stack([wide for _, wide in pairs]),
        starts=tuple(t.frames_of(INITIALISED) for t in trajectories),
        failures=failures,
        tags={tag: marks[:frames] for tag, marks in (tags or {}).items()},
        cut=None if lines == whole else (lines, whole),
        silent=silent,
        passed_over=sum(not _equal(every[0], other) for other in every[len(trajectories) :]),
    )


def counted(trajectories: Sequence[Regions], dialect: VotDialect) -> Sequence[Regions]:
    """Those of a sequence's repetitions that a toolkit scores: all; PySOT's the first alone of other than fifteen."""
    return trajectories[:1] if dialect == "pysot" and len(trajectories) != REPETITIONS else trajectories


def _equal(a: Regions, b: Regions) -> bool:
    plain = a.shapes is None and b.shapes is None
    return plain and np.array_equal(a.codes, b.codes) and np.array_equal(a.corners, b.corners, equal_nan=True)


def _compared(
    trajectory: Regions, groundtruth: Regions, bounds: tuple[int, int], dialect: VotDialect
) -> tuple[np.ndarray, np.ndarray]:
    """Overlaps for accuracy and for EAO."""
    if dialect == "got10k":
        exact = exact_overlaps(trajectory, groundtruth, bounds)
        return exact, exact
    if dialect == "vot":
        pixels = overlaps(trajectory, groundtruth, bounds, "vot")
        return pixels.copy(), pixels
    wide = overlaps(trajectory, groundtruth, bounds, "trax")
    # The narrower bounds only matter where a region reaches the right or lower border.
    corners = np.concatenate([trajectory.corners, groundtruth.corners], 1)
    touches = (np.ceil(corners).max(1) > np.subtract(bounds, 1)).any(1)
    narrow = wide.copy()
    narrow[touches] = overlaps(trajectory[touches], groundtruth[touches], (bounds[0] - 1, bounds[1] - 1), "trax")
    return wide, narrow
