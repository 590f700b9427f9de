"""GOT-10k's measures: average overlap (AO) and success rates (SR), as its toolkit computes them.

Source: Huang et al., "GOT-10k: A Large High-Diversity Benchmark for Generic Object Tracking in the Wild", PAMI 2019.
Boxes are cut to the image, the first frame is dropped, frames in which nothing of the target shows (cover 0) do not
count, and frames of all sequences and repetitions are pooled: a long sequence weighs more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from drol_jax.image.boxes import overlap

THRESHOLDS = tuple(np.linspace(0, 1, 101).tolist())


@dataclass(frozen=True, eq=False)
class Got10k:
    """What a tracker reached on some frames."""

    ao: float
    sr50: float
    sr75: float
    curve: np.ndarray
    """float64 [101]: share of frames whose overlap exceeds 0, 0.01, ..., 1."""


def frame_overlaps(
    predicted: ArrayLike, groundtruth: ArrayLike, size: tuple[int, int] | None = None, hidden: ArrayLike | None = None
) -> np.ndarray:
    """Overlaps of the frames that count.

    Args:
      predicted, groundtruth: [T, 4] (x, y, w, h), pixels, as the benchmark's files hold them.
      size: (height, width) of the images, to which boxes are cut; None cuts nothing.
      hidden: bool [T], frames in which the target does not show; None where none is. A groundtruth of NaN hides too.

    Returns:
      float64 [frames that count] in [0, 1]; a prediction of NaN overlaps by nothing.

    Raises:
      ValueError: the two are not both [T, 4].
    """
    predicted, groundtruth = np.asarray(predicted, np.float64), np.asarray(groundtruth, np.float64)
    if predicted.ndim != 2 or predicted.shape[1] != 4 or predicted.shape != groundtruth.shape:
        raise ValueError(f"boxes must both be [T, 4], not {predicted.shape} and {groundtruth.shape}")
    shown = np.asarray(~np.isnan(groundtruth).any(1) & (True if hidden is None else ~np.asarray(hidden, bool)))
    shown[:1] = False
    values = overlap(_cut(predicted[shown], size), _cut(groundtruth[shown], size))
    return np.nan_to_num(np.clip(values, 0, 1))


def got10k(overlaps: Sequence[np.ndarray]) -> Got10k:
    """AO, SR and the success curve over the pooled frames of sequences and repetitions.

    Raises:
      ValueError: no frame counts.
    """
    pooled = np.concatenate([np.zeros(0), *overlaps])
    if not len(pooled):
        raise ValueError("no frames")
    curve = (pooled[:, None] > np.asarray(THRESHOLDS)).mean(0)
    return Got10k(float(pooled.mean()), float((pooled > 0.5).mean()), float((pooled > 0.75).mean()), curve)


def _cut(boxes: np.ndarray, size: tuple[int, int] | None) -> np.ndarray:
    """Boxes cut to the image; corners in 0..width, 0..height."""
    if size is None:
        return boxes
    bound = np.array([size[1], size[0]], np.float64)
    corner = np.clip(boxes[:, :2], 0, bound)
    # Corner first, size after: a box that begins left of the image keeps its width, as in the toolkit.
    return np.concatenate([corner, np.clip(boxes[:, 2:], 0, bound - corner)], 1)
