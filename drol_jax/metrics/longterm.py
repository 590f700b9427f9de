"""Long-term tracking: precision, recall and F over thresholds of the tracker's confidence.

Source: Lukezic et al., "Now you see me: evaluating performance in long-term visual tracking", 2018. At a threshold the
tracker reports the target in the frames whose confidence reaches it; precision is the mean overlap there, recall the
sum of overlaps over the frames in which the target is visible. Both are averaged over sequences, F is taken of the
averages, and the best of 100 thresholds counts. Two dialects:

- `pysot` (STVIR/pysot `evaluation/f1_benchmark.py`): `raster` TRAX; frames that hold a code overlap by nothing;
- `vot` (vot-toolkit `analysis/longterm.py`): `raster` VOT; a code overlaps an absent groundtruth by one; a confidence
  that is not given is zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from drol_jax.metrics.raster import overlaps
from drol_jax.metrics.regions import Regions

LongTermDialect = Literal["pysot", "vot"]
RESOLUTION = 100


@dataclass(frozen=True, eq=False)
class Confident:
    """One sequence, compared with the groundtruth."""

    overlaps: np.ndarray
    """float64 [T] in [0, 1]."""
    confidence: np.ndarray
    """float64 [T]; NaN where none was given."""
    visible: int
    """Frames whose groundtruth is a region."""


@dataclass(frozen=True, eq=False)
class LongTerm:
    """What a tracker reached on some sequences."""

    precision: np.ndarray
    """float64 [thresholds], from the highest threshold down; likewise the others."""
    recall: np.ndarray
    f: np.ndarray

    @property
    def best(self) -> tuple[float, float, float]:
        """Precision, recall and F at the threshold where F is largest."""
        at = int(np.argmax(self.f))
        return float(self.precision[at]), float(self.recall[at]), float(self.f[at])


def judge(
    groundtruth: Regions,
    tracked: Regions,
    confidence: np.ndarray,
    size: tuple[int, int],
    dialect: LongTermDialect = "pysot",
) -> Confident:
    """Compare one sequence with its groundtruth.

    Args:
      groundtruth, tracked: T frames each.
      confidence: [T], NaN where none was given.
      size: (height, width) of the images.

    Raises:
      ValueError: the three differ in length.
    """
    if not len(groundtruth) == len(tracked) == len(confidence):
        raise ValueError(
            f"{len(groundtruth)} frames of groundtruth, {len(tracked)} tracked, {len(confidence)} confidences"
        )
    values = overlaps(tracked, groundtruth, (size[1], size[0]), "trax" if dialect == "pysot" else "vot")
    confidence = np.asarray(confidence, np.float64)
    if dialect == "vot":
        confidence = np.nan_to_num(confidence, nan=0.0)
    return Confident(np.nan_to_num(values), confidence, int(groundtruth.is_region.sum()))


def longterm(judged: Sequence[Confident], dialect: LongTermDialect = "pysot") -> LongTerm:
    """Precision, recall and F over sequences, at thresholds taken from all their confidences.

    Raises:
      ValueError: no sequence, or one in which the target is never visible.
    """
    if not judged or not all(one.visible for one in judged):
        raise ValueError("no sequences, or one without a visible target")
    limits = thresholds(np.concatenate([one.confidence for one in judged]), dialect)
    curves = [precision_recall(one, limits, dialect) for one in judged]
    precision, recall = (np.mean([curve[i] for curve in curves], 0) for i in (0, 1))
    return LongTerm(precision, recall, f_measure(precision, recall))


def thresholds(confidence: np.ndarray, dialect: LongTermDialect = "pysot") -> np.ndarray:
    """The 100 thresholds of some confidences (vot: two more than there are, where those are fewer), falling.

    Two, infinite ones, where no confidence is a number.
    """
    given = np.sort(confidence[~np.isnan(confidence)])
    if not len(given):
        return np.array([np.inf, -np.inf])
    step = len(given) // (RESOLUTION - 2)
    if dialect == "pysot":
        places = np.floor(np.linspace(step - 1, len(given) - step, RESOLUTION - 2) + 0.5).astype(int)
        inner = given[np.clip(places, 0, len(given) - 1)][::-1]
    elif len(given) > RESOLUTION - 2:
        places = np.round(np.linspace(step, len(given) - step, num=RESOLUTION - 2)).astype(int)
        inner = given[::-1][np.clip(places, 0, len(given) - 1)]
    else:
        inner = given[::-1]
    return np.concatenate([[np.inf], inner, [-np.inf]])


def precision_recall(
    one: Confident, limits: np.ndarray, dialect: LongTermDialect = "pysot"
) -> tuple[np.ndarray, np.ndarray]:
    """Precision and recall [thresholds] of one sequence; where nothing is reported they are one and zero."""
    confidence = np.nan_to_num(one.confidence, nan=0.0)
    reported = confidence >= limits[:, None]
    if dialect == "pysot":
        reported[np.isneginf(limits)] = confidence > 0
    count = reported.sum(1)
    total = reported @ one.overlaps
    return np.where(count > 0, total / np.maximum(count, 1), 1.0), total / one.visible


def f_measure(precision: np.ndarray, recall: np.ndarray) -> np.ndarray:
    """Harmonic mean; zero where both are."""
    both = precision + recall
    return np.where(both > 0, 2 * precision * recall / np.where(both > 0, both, 1), 0.0)
