"""How far a tracker's confidence can be believed: reliability, calibration error, and how well it tells lost boxes.

A confidence is the probability that a box overlaps the target by more than a half (`RIGHT`). Sources: Guo et al., "On
calibration of modern neural networks", ICML 2017 (expected calibration error over equal bins); the area under the ROC
curve is the share of (right, lost) pairs in which the right box has the higher confidence, ties counting half (Hanley
and McNeil, Radiology 1982).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

RIGHT = 0.5
"""Overlap above which a box is right."""
BINS = 10


@dataclass(frozen=True)
class Bin:
    """Boxes of like confidence."""

    frames: int
    confidence: float
    """Their mean confidence."""
    right: float
    """Share of them that is right."""


@dataclass(frozen=True)
class Reliability:
    """Confidence held against the groundtruth, over pooled frames."""

    frames: int
    right: float
    """Share of right boxes."""
    error: float
    """Expected calibration error: mean distance of confidence and share of right boxes, over bins, by frames."""
    roc: float | None
    """Area under the ROC curve of "lost": 1 where every right box has a higher confidence than every other; None where
    all boxes are right, or none is."""
    bins: tuple[Bin, ...]
    """Of rising confidence, empty ones left out."""


@dataclass(frozen=True, eq=False)
class Certainty:
    """Confidences of boxes beside what became of them."""

    confidence: np.ndarray
    """float64 [T] in 0 to 1; NaN where there is none."""
    overlap: np.ndarray
    """float64 [T], with the groundtruth; NaN where that has no box."""

    @classmethod
    def pooled(cls, parts: Sequence[Self]) -> Self | None:
        """All of them together; None of none."""
        if not parts:
            return None
        return cls(*(np.concatenate([getattr(one, name) for one in parts]) for name in ("confidence", "overlap")))


def reliability(confidence: ArrayLike, overlap: ArrayLike) -> Reliability | None:
    """Hold confidence against overlap with the groundtruth.

    Args:
      confidence: [T] in 0 to 1; NaN where there is none.
      overlap: [T] in 0 to 1; NaN where the groundtruth has no box.

    Returns:
      None where no frame has both.
    """
    confidence, overlap = np.asarray(confidence, np.float64), np.asarray(overlap, np.float64)
    both = np.isfinite(confidence) & np.isfinite(overlap)
    confidence, right = confidence[both], overlap[both] > RIGHT
    if not len(confidence):
        return None
    places = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins = tuple(
        Bin(frames=int(inside.sum()), confidence=float(confidence[inside].mean()), right=float(right[inside].mean()))
        for inside in (places == place for place in range(BINS))
        if inside.any()
    )
    return Reliability(
        frames=len(right),
        right=float(right.mean()),
        error=sum(one.frames * abs(one.confidence - one.right) for one in bins) / len(right),
        roc=_area(confidence, right),
        bins=bins,
    )


def _area(confidence: np.ndarray, right: np.ndarray) -> float | None:
    """Mann and Whitney's statistic as a share."""
    many, few = int(right.sum()), int((~right).sum())
    if not many or not few:
        return None
    from scipy.stats import rankdata  # takes half a second, which no --help should

    return float((rankdata(confidence)[right].sum() - many * (many + 1) / 2) / (many * few))
