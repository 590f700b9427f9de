"""One-pass evaluation (OPE): success, precision and normalised precision, in the dialect of a toolkit.

Sources: Wu et al., "Object Tracking Benchmark", PAMI 2015 (success, precision); Muller et al., "TrackingNet",
ECCV 2018 (normalised precision). What those papers leave open is settled by a `drol_jax.metrics.dialects.Dialect`;
`tests/parity/test_published_scores.py` holds each to its toolkit's figures on published result files.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from drol_jax.errors import UserError
from drol_jax.image.boxes import overlap, target_from_box
from drol_jax.metrics.dialects import PIXELS, PYSOT, Dialect


@dataclass(frozen=True, eq=False)
class Scores:
    """The three curves of one sequence, or a mean of such curves; float64, values in [0, 1]."""

    success: np.ndarray
    """[21] share of frames whose overlap exceeds 0, 0.05, ..., 1."""
    precision: np.ndarray
    """[51] share of frames whose centre error is at most 0, 1, ..., 50 pixels."""
    normalised_precision: np.ndarray
    """[51] the same for errors divided by the groundtruth's size per axis, at most 0, 0.01, ..., 0.5."""
    dialect: Dialect = PYSOT

    @property
    def auc(self) -> float:
        """Area under the success curve: the mean of its 21 values."""
        return float(self.success.mean())

    @property
    def success_at_05(self) -> float:
        """Share of frames with an overlap above one half."""
        return float(self.success[10])

    @property
    def success_at_075(self) -> float:
        """Share of frames with an overlap above three quarters."""
        return float(self.success[15])

    @property
    def precision_at_20(self) -> float:
        """Precision at 20 pixels."""
        return float(self.precision[20])

    @property
    def normalised_precision_at_02(self) -> float:
        """Normalised precision at a fifth of the target's size."""
        return float(self.normalised_precision[20])

    @property
    def normalised(self) -> float:
        """Normalised precision as the dialect reads it: the value at 0.2, or the mean over 0..0.5."""
        whole = self.dialect.normalised_reading == "mean"
        return float(self.normalised_precision.mean()) if whole else self.normalised_precision_at_02


def score(
    predicted: ArrayLike,
    groundtruth: ArrayLike,
    dialect: Dialect = PYSOT,
    absent: ArrayLike | None = None,
    *,
    pad_short: bool = False,
) -> Scores:
    """Score one sequence.

    Args:
      predicted: [P, 4] (x, y, w, h), pixels, as a result file holds them.
      groundtruth: [T, 4], same origin; a row of NaN where the target is absent. Both in the benchmark's own origin,
        which decides what is positive and, through rounding, ties.
      dialect: what counts, and how; also whether P may differ from T.
      absent: bool [T], frames that the benchmark marks as absent; None where it marks none.
      pad_short: continue a short result with its last box, whatever the dialect says of short results.

    Raises:
      ValueError: a table is not [., 4] or empty, or absent is not [T].
      UserError: P differs from T and the dialect's toolkit refuses that; or it refuses a prediction of NaN or of
        negative size, and there is one; or no frame counts.
    """
    predicted, groundtruth = _table(predicted, "predicted boxes"), _table(groundtruth, "true boxes")
    gone = (
        np.zeros(len(groundtruth), bool) if absent is None or dialect.absent == "ignored" else np.asarray(absent, bool)
    )
    if gone.shape != (len(groundtruth),):
        raise ValueError(f"absent must be [T] = [{len(groundtruth)}], not {gone.shape}")
    predicted, groundtruth = _aligned(_repaired(predicted, groundtruth, dialect), groundtruth, dialect, pad_short)
    gone = gone[: len(groundtruth)]
    if dialect.first_frame == "groundtruth":
        predicted = np.concatenate([groundtruth[:1], predicted[1:]])
    known = ~np.isnan(groundtruth).any(1)
    counted = int(known.sum()) if dialect.frames == "known" else len(groundtruth)
    if counted == 0:
        raise UserError(f"no frame has a known box, and the {dialect.name} dialect counts only those")

    overlaps = _overlaps(predicted, groundtruth, dialect)
    overlaps = np.where(_holds(dialect.valid, groundtruth) & ~gone, overlaps, -1.0)  # NaN exceeds no threshold either
    success = (overlaps[:, None] > np.asarray(dialect.thresholds)).sum(0) / counted

    centre, size = target_from_box(groundtruth)
    guess = target_from_box(predicted)[0]
    measured = _holds(dialect.centre_valid, groundtruth)
    distance = _length(guess - centre)
    precision = _within(distance, measured, dialect.centre_else, gone, PIXELS) / counted
    if dialect.normaliser == "size_and_speck":
        size = size + 1e-16
    if dialect.centre_valid == "centre":
        # Not the same question: LaSOT's tiger-6 has a box of negative height.
        with np.errstate(invalid="ignore"):
            measured = np.all(centre / size > 0, axis=1)
    distance = _length(_in_sizes(guess, centre, size, dialect))
    if dialect.normalised_absent == "hit":
        measured, gone = measured & ~gone, np.zeros_like(gone)
    normalised = _within(distance, measured, dialect.normalised_else, gone, dialect.fractions) / counted
    return Scores(success=success, precision=precision, normalised_precision=normalised, dialect=dialect)


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
        dialect=scores[0].dialect,
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


def _table(boxes: ArrayLike, what: str) -> np.ndarray:
    table = np.asarray(boxes, np.float64)
    if table.ndim != 2 or table.shape[1] != 4 or not len(table):
        raise ValueError(f"{what} must be [T, 4] with T > 0, not {table.shape}")
    return table


def _overlaps(predicted: np.ndarray, groundtruth: np.ndarray, dialect: Dialect) -> np.ndarray:
    """[T] intersection over union, rounded as the dialect's toolkit does."""
    if dialect.overlap == "areas":
        return np.clip(overlap(predicted, groundtruth), 0, 1)
    last = 1.0 if dialect.overlap == "pixels" else 0.0
    speck = float(np.finfo(float).eps) if dialect.overlap == "specked" else 0.0
    low = np.maximum(predicted[:, :2], groundtruth[:, :2])
    high = np.minimum(predicted[:, :2] + predicted[:, 2:] - last, groundtruth[:, :2] + groundtruth[:, 2:] - last)
    inter = np.prod(np.maximum(high - low + last, 0), axis=1)
    union = np.prod(predicted[:, 2:], axis=1) + np.prod(groundtruth[:, 2:], axis=1) - inter + speck
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(union == 0, 0.0, inter / union)
    return shares if dialect.overlap == "pixels" else np.clip(shares, 0, 1)


def _holds(rule: str, groundtruth: np.ndarray) -> np.ndarray:
    """bool [T]: the frames whose groundtruth satisfies one of the dialects' rules. NaN is never positive."""
    if rule == "any":
        return np.ones(len(groundtruth), bool)
    asked = {"centre": target_from_box(groundtruth)[0], "sized": groundtruth[:, 2:], "positive": groundtruth}[rule]
    return np.all(asked > 0, axis=1)


def _repaired(predicted: np.ndarray, groundtruth: np.ndarray, dialect: Dialect) -> np.ndarray:
    """The prediction with unusable boxes replaced by the last one before that is not, the first row excepted."""
    if dialect.nan == "refused" and (np.isnan(predicted).any() or (predicted[:, 2:] < 0).any()):
        row = int(np.argmax(np.isnan(predicted).any(1) | (predicted[:, 2:] < 0).any(1)))
        raise UserError(
            f"box {row} (counted from 0) is {predicted[row].tolist()}, and the {dialect.name} dialect scores no NaN "
            "and no negative size; mend it or choose another --dialect"
        )
    if dialect.repair == "none":
        return predicted
    bad = np.any(predicted[:, 2:] == 0, axis=1)
    if dialect.repair == "unusable":
        bad = np.any(predicted[:, 2:] <= 0, axis=1) | np.isnan(predicted).any(1)
    both = min(len(predicted), len(groundtruth))
    bad[:both] &= ~np.isnan(groundtruth[:both]).any(1)
    bad[0] = False
    return predicted[np.maximum.accumulate(np.where(bad, 0, np.arange(len(predicted))))]


def _aligned(
    predicted: np.ndarray, groundtruth: np.ndarray, dialect: Dialect, pad_short: bool
) -> tuple[np.ndarray, np.ndarray]:
    have, want = len(predicted), len(groundtruth)
    if have < want and pad_short:
        return np.concatenate([predicted, np.repeat(predicted[-1:], want - have, 0)]), groundtruth
    if have < want and dialect.short == "zeros":
        return np.concatenate([predicted, np.zeros((want - have, 4))]), groundtruth
    if have < want and dialect.short == "cut":
        return predicted, groundtruth[:have]
    if have > want and dialect.long == "cut":
        return predicted[:want], groundtruth
    if have != want:
        cure = "track it again"
        if have < want:
            cure = "if its last ones are missing, --pad-short repeats the last box; else track it again"
        raise UserError(f"{have} boxes for {want} frames, which the {dialect.name} protocol does not score; {cure}")
    return predicted, groundtruth


def _in_sizes(guess: np.ndarray, centre: np.ndarray, size: np.ndarray, dialect: Dialect) -> np.ndarray:
    """Distances between centres [T, 2] in sizes of the groundtruth; infinite or NaN where it has none."""
    if dialect.normaliser == "size_or_one":
        return (guess - centre) / np.maximum(1.0, size)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Divided before they are subtracted, as the toolkits do: on integer boxes the order decides ties.
        return guess / size - centre / size


def _length(steps: np.ndarray) -> np.ndarray:
    return np.sqrt((steps**2).sum(1))


def _within(
    distance: np.ndarray, measured: np.ndarray, otherwise: str, gone: np.ndarray, thresholds: tuple[float, ...]
) -> np.ndarray:
    """Number of frames with a distance of at most each threshold; unmeasured ones are all hits or none."""
    distance = np.where(measured, distance, -1.0 if otherwise == "hit" else np.inf)
    return ((distance[:, None] <= np.asarray(thresholds)) & ~gone[:, None]).sum(0)
