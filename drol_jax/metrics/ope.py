"""One-pass evaluation (OPE): success, precision and normalised precision, as PySOT's toolkit counts them.

Sources: Wu et al., "Object Tracking Benchmark", PAMI 2015 (success, precision); Muller et al., "TrackingNet",
ECCV 2018 (normalised precision); the conventions that those papers leave open follow PySOT's toolkit, whose scores
on published result files `tests/test_metrics.py` reproduces:

- overlaps are of continuous areas, compared by strict ``>`` with 21 thresholds 0, 0.05, ..., 1: a perfect tracker
  scores 20/21 = 0.952;
- centres are ``x + (w - 1) / 2``, errors compared by ``<=``;
- a frame whose truth holds NaN or has no area is a miss for success and a hit for both precisions, and stays in the
  denominator. (PySOT itself calls a frame a hit where the truth's centre is NaN or not positive. On every frame of
  OTB100, UAV123 and DTB70 the two rules agree; this one does not depend on where the origin lies.)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from drol_jax.boxes import overlap, target_from_box

# Spelled as the toolkit spells them: 0.15000000000000002 is a threshold, and integer boxes do tie with it.
_OVERLAPS = tuple(np.arange(0, 1.05, 0.05).tolist())
_PIXELS = tuple(float(p) for p in range(51))
_FRACTIONS = tuple((np.arange(51) / 100).tolist())


@dataclass(frozen=True, eq=False)
class Scores:
    """The three curves of one sequence, or a mean of such curves; float64, values in [0, 1]."""

    success: np.ndarray
    """[21] share of frames whose overlap exceeds 0, 0.05, ..., 1."""
    precision: np.ndarray
    """[51] share of frames whose centre error is at most 0, 1, ..., 50 pixels."""
    normalised_precision: np.ndarray
    """[51] the same for errors divided by the truth's size per axis, at most 0, 0.01, ..., 0.5."""

    @property
    def auc(self) -> float:
        """Area under the success curve: the mean of its 21 values."""
        return float(self.success.mean())

    @property
    def precision_at_20(self) -> float:
        """Precision at 20 pixels."""
        return float(self.precision[20])

    @property
    def normalised_precision_at_02(self) -> float:
        """Normalised precision at a fifth of the target's size."""
        return float(self.normalised_precision[20])


def score(predicted: ArrayLike, truth: ArrayLike) -> Scores:
    """Score one sequence.

    Args:
      predicted: [T, 4] (x, y, w, h), pixels. NaN rows are misses.
      truth: [T, 4], same origin; rows with NaN or without area count as the module's docstring says.

    Raises:
      ValueError: the two are not both [T, 4] with T > 0.
    """
    return Scores(
        success=success_curve(predicted, truth),
        precision=precision_curve(predicted, truth),
        normalised_precision=normalised_precision_curve(predicted, truth),
    )


def success_curve(predicted: ArrayLike, truth: ArrayLike) -> np.ndarray:
    """Share of frames whose overlap exceeds 0, 0.05, ..., 1: float64 [21]. Arguments as in `score`."""
    predicted, truth, valid = _checked(predicted, truth)
    overlaps = np.where(valid, np.clip(overlap(predicted, truth), 0, 1), -1)
    return (overlaps[:, None] > np.asarray(_OVERLAPS)).mean(0)


def precision_curve(predicted: ArrayLike, truth: ArrayLike) -> np.ndarray:
    """Share of frames with a centre error of at most 0, 1, ..., 50 px: float64 [51]. Arguments as in `score`."""
    predicted, truth, valid = _checked(predicted, truth)
    return _share_within(_centre(predicted), _centre(truth), valid, _PIXELS)


def normalised_precision_curve(predicted: ArrayLike, truth: ArrayLike) -> np.ndarray:
    """Share of frames with a centre error of at most 0, 0.01, ..., 0.5 truth sizes: float64 [51].

    Horizontal errors are divided by the truth's width, vertical ones by its height. Arguments as in `score`.
    """
    predicted, truth, valid = _checked(predicted, truth)
    size = np.where(valid[:, None], truth[:, 2:], 1)
    # Divided before they are subtracted, as the toolkit does: on integer boxes the order decides ties.
    return _share_within(_centre(predicted) / size, _centre(truth) / size, valid, _FRACTIONS)


def mean(scores: Iterable[Scores]) -> Scores:
    """Mean of the curves, each sequence counting once however long it is.

    Raises:
      ValueError: nothing to average.
    """
    scores = list(scores)
    if not scores:
        raise ValueError("mean of no scores")
    return Scores(
        success=np.mean([s.success for s in scores], 0),
        precision=np.mean([s.precision for s in scores], 0),
        normalised_precision=np.mean([s.normalised_precision for s in scores], 0),
    )


def mean_by_attribute(
    scores: Mapping[str, Scores], attributes: Mapping[str, Iterable[str]]
) -> dict[str, tuple[int, Scores]]:
    """Mean over the sequences that carry an attribute.

    Args:
      scores: by sequence name.
      attributes: by sequence name, of every sequence in `scores`.

    Returns:
      By attribute, in alphabetical order: number of sequences and their mean.
    """
    names = sorted({attribute for sequence in scores for attribute in attributes[sequence]})
    carriers = {name: [s for sequence, s in scores.items() if name in attributes[sequence]] for name in names}
    return {name: (len(members), mean(members)) for name, members in carriers.items()}


def _checked(predicted: ArrayLike, truth: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    predicted, truth = np.asarray(predicted, np.float64), np.asarray(truth, np.float64)
    if predicted.ndim != 2 or predicted.shape[1] != 4 or predicted.shape != truth.shape or not len(truth):
        raise ValueError(f"boxes must both be [T, 4] with T > 0, not {predicted.shape} and {truth.shape}")
    valid = np.asarray(np.isfinite(truth).all(1) & (truth[:, 2:] > 0).all(1))
    return predicted, truth, valid


def _centre(boxes: np.ndarray) -> np.ndarray:
    return target_from_box(boxes)[0]


def _share_within(
    predicted: np.ndarray, truth: np.ndarray, valid: np.ndarray, thresholds: tuple[float, ...]
) -> np.ndarray:
    error = np.where(valid, np.sqrt(((predicted - truth) ** 2).sum(1)), -1)
    return (error[:, None] <= np.asarray(thresholds)).mean(0)
