"""Global instance tracking: VideoCube's success, precision and normalised precision, as its toolkit computes them.

Source: Hu et al., "Global Instance Tracking: Locating Target More Like Humans", PAMI 2023; huuuuusy/videocube-toolkit
at d264d8de33, ``videocube/utils/metrics.py`` and ``experiments/videocube.py``. Predicted boxes are cut to the image,
the groundtruth is not. Frames in which the target is hidden, and those of a cut between shots, do not count. Thresholds
are compared strictly: overlaps by ``>``, distances between centres ``x + (w - 1) / 2`` by ``<``. Normalised precision
is the share of frames in which the predicted centre lies in the groundtruth's box; its curve is of distances that grow
with how far outside the centre lies, in parts of the largest that the image allows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from drol_jax.errors import UserError
from drol_jax.image.boxes import target_from_box

OVERLAPS = np.linspace(0, 1, 101)
PIXELS = np.arange(401)
FRACTIONS = np.linspace(0, 1, 401)
_SPECK = float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False)
class GlobalScores:
    """What a tracker reached on one sequence, or the mean over several; shares in [0, 1]."""

    success: np.ndarray
    """float64 [101]: share of frames whose overlap (IoU) exceeds 0, 0.01, ..., 1."""
    distance_success: np.ndarray
    """float64 [101]: the same of the overlap less the distance between centres (DIoU)."""
    generalised_success: np.ndarray
    """float64 [101]: the same of the overlap less the empty part of the box around both (GIoU)."""
    precision: np.ndarray
    """float64 [401]: share of frames whose centre error is below 0, 1, ..., 400 pixels."""
    normalised_precision: np.ndarray
    """float64 [401]: the same for parts of the largest error, 0, 0.0025, ..., 1."""
    inside: float
    """Share of frames whose predicted centre lies in the groundtruth's box."""

    @property
    def precision_at_20(self) -> float:
        """Share of frames whose centre error is below 20 pixels."""
        return float(self.precision[20])

    @property
    def success_at_05(self) -> float:
        """Share of frames with an overlap above one half."""
        return float(self.success[50])


def score(predicted: ArrayLike, groundtruth: ArrayLike, size: tuple[int, int], gone: ArrayLike) -> GlobalScores:
    """Score one sequence.

    Args:
      predicted, groundtruth: [T, 4] (x, y, w, h), pixels, 0-based.
      size: (height, width) of the images.
      gone: bool [T], frames of a hidden target or of a cut.

    Raises:
      ValueError: the three differ in length.
      UserError: a prediction that counts is NaN; no frame counts.
    """
    boxes, truth = np.array(predicted, np.float64), np.asarray(groundtruth, np.float64)
    counted = ~np.asarray(gone, bool) & ~np.isnan(truth).any(1)
    if boxes.shape != truth.shape or len(counted) != len(truth):
        raise ValueError(f"boxes must both be [T, 4], not {boxes.shape} and {truth.shape}")
    if not counted.any():
        raise UserError("the target is hidden, or the picture cut, in every frame, so that none counts")
    boxes, truth = boxes[counted], truth[counted]
    if np.isnan(boxes).any():
        row = int(np.flatnonzero(counted)[np.isnan(boxes).any(1)][0])
        raise UserError(f"frame {row} (counted from 0) holds no box, which VideoCube's toolkit does not score; mend it")
    boxes = _cut(boxes, size)
    overlap, distant, general = _overlaps(boxes, truth)
    error = np.sqrt(((target_from_box(boxes)[0] - target_from_box(truth)[0]) ** 2).sum(1))
    parts, inside = _normalised(boxes, truth, size, error)
    return GlobalScores(
        success=(overlap[:, None] > OVERLAPS).mean(0),
        distance_success=(distant[:, None] > OVERLAPS).mean(0),
        generalised_success=(general[:, None] > OVERLAPS).mean(0),
        precision=(error[:, None] < PIXELS).mean(0),
        normalised_precision=(parts[:, None] < FRACTIONS).mean(0),
        inside=float(inside.mean()),
    )


def mean(scores: Sequence[GlobalScores], *, zeros: bool, empty: int = 0) -> GlobalScores:
    """Mean over sequences or repetitions, at least one.

    Args:
      zeros: whether an `inside` of zero counts, as of repetitions; over sequences the toolkit leaves it out.
      empty: of an attribute, sequences without a frame of it; the toolkit counts them in `inside`, as zeros, alone.
    """
    curves = ("success", "distance_success", "generalised_success", "precision", "normalised_precision")
    found = [one.inside for one in scores if zeros or one.inside > 0]
    return GlobalScores(
        **{name: np.mean([getattr(one, name) for one in scores], 0) for name in curves},
        inside=sum(found) / (len(found) + empty) if found else 0.0,
    )


def robustness(started: int, places: int, likeness: float) -> float:
    """How seldom a tracker had to be started again (R-OPE), larger in sequences whose frames are less alike.

    The toolkit counts lines of files, and an empty one as one line, so that no start at all is one.

    Args:
      started: in how many frames the tracker was started again.
      places: in how many it might have been.
      likeness: mean correlation of neighbouring frames, the attribute "corrcoef".
    """
    return float(1 / (1 + np.exp(-1 / likeness)) * (1 - max(started, 1) / max(places, 1)))


def overlaps_in_image(boxes: ArrayLike, groundtruth: ArrayLike, size: tuple[int, int]) -> np.ndarray:
    """Overlaps by which R-OPE tells failures, float64 [T]: of both boxes what lies in the image.

    Args:
      boxes, groundtruth: [T, 4] (x, y, w, h), pixels, 0-based.
      size: (height, width) of the image.
    """
    edge = np.array([size[1], size[0]])
    inside = []
    for table in (np.asarray(boxes, np.float64), np.asarray(groundtruth, np.float64)):
        corner = np.clip(table[:, :2], 0, edge)
        inside.append(np.concatenate([corner, np.clip(table[:, 2:], 0, edge - corner)], 1))
    return _overlaps(*inside)[0]


def _cut(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Boxes whose corner is not left of or above the image, and whose end is not beyond it; in this order, as the
    toolkit has it: a box that begins left of the image keeps its width."""
    corner = np.maximum(boxes[:, :2], 0)
    return np.concatenate([corner, np.minimum(boxes[:, 2:], np.array([size[1], size[0]]) - corner)], 1)


def _overlaps(boxes: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """IoU, DIoU and GIoU [T]; NaN where one does not exist."""
    (low, high), (first, last) = _corners(boxes), _corners(truth)
    shared = np.prod(np.maximum(np.minimum(high, last) - np.maximum(low, first), 0), axis=1)
    union = np.prod(boxes[:, 2:], axis=1) + np.prod(truth[:, 2:], axis=1) - shared
    around = np.maximum(np.maximum(high, last) - np.minimum(low, first), 0)
    apart = ((boxes[:, :2] + boxes[:, 2:] / 2 - truth[:, :2] - truth[:, 2:] / 2) ** 2).sum(1)
    whole = np.prod(around, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        plain = shared / union
        distant = plain - apart / ((around**2).sum(1) + 1e-6)
        general = plain - (whole - union) / whole
        return np.clip(shared / (union + _SPECK), 0, 1), distant, general


def _corners(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return boxes[:, :2], boxes[:, :2] + boxes[:, 2:]


def _normalised(
    boxes: np.ndarray, truth: np.ndarray, size: tuple[int, int], error: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Errors in parts of the largest [T], and whether the predicted centre lies in the groundtruth's box [T]."""
    centre = target_from_box(truth)[0]
    beyond, inside = _beyond(target_from_box(boxes)[0], truth)
    largest = np.zeros(len(truth))
    for corner in ((0, 0), (size[1], 0), (0, size[0]), (size[1], size[0])):
        place = np.broadcast_to(np.array(corner, np.float64), centre.shape)
        largest = np.maximum(largest, np.sqrt(((place - centre) ** 2).sum(1)) + _beyond(place, truth)[0])
    with np.errstate(divide="ignore", invalid="ignore"):
        return (error + beyond) / largest, inside


def _beyond(points: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far points lie from the groundtruth's box [T], and whether they lie in it [T].

    To the right of a box, between its upper and lower edge, the toolkit takes how far the point lies below the lower
    edge, which is negative; so it is here.
    """
    low, high = _corners(truth)
    outside = np.where(points <= low, low - points, np.where(points > high, points - high, 0))
    distance = np.sqrt((outside**2).sum(1))
    right = (points[:, 0] > high[:, 0]) & (low[:, 1] < points[:, 1]) & (points[:, 1] <= high[:, 1])
    inside = np.asarray(((low < points) & (points <= high)).all(1))
    return np.where(right, points[:, 1] - high[:, 1], distance), inside
