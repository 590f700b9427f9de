"""Masks in the image: from a step's `Mask` to a full-frame array and a rotated box (SiamMask). On the host."""

import numpy as np
from numpy.typing import ArrayLike

from drol_jax.system.opencv import cv2

LEAST_AREA = 100.0  # square pixels; the rotated box of less is not to be trusted


def full_frame(probability: ArrayLike, box: ArrayLike, height: int, width: int, exact: bool = False) -> np.ndarray:
    """Put a mask in its place in the image, bilinearly.

    Args:
      probability: [M, M], in 0..1.
      box: (x, y, w, h), the part of the image that it covers, pixels, 0-based.
      height, width: the image's size.
      exact: spread the mask evenly over the box. Published: half a cell before that, and shrunk a little towards the
        image's corner.

    Returns:
      float32 [height, width] in 0..1; 0 outside the mask.
    """
    mask = np.asarray(probability, np.float32)
    x, y, w, h = (float(value) for value in np.asarray(box))
    return (
        _spread(height, y, mask.shape[0] / h, mask.shape[0], exact)
        @ mask
        @ _spread(width, x, mask.shape[1] / w, mask.shape[1], exact).T
    )


def _spread(count: int, start: float, scale: float, cells: int, exact: bool) -> np.ndarray:
    """float32 [count, cells]: weights of the mask's cells in each pixel of one axis.

    Published: cell j lies at (count - 1) / count * (start + j / scale). Exact: at start - 1/2 + (j + 1/2) / scale, for
    pixel i is from i - 1/2 to i + 1/2 wide, and a box starts where its first pixel does.
    """
    if exact:
        cell = (np.arange(count) - start + 0.5) * scale - 0.5
    else:
        cell = (np.arange(count) * (count / (count - 1)) - start) * scale if count > 1 else np.array([-start * scale])
    return np.maximum(1 - np.abs(cell[:, None] - np.arange(cells)), 0).astype(np.float32)


def rotated_box(mask: ArrayLike, threshold: float, box: ArrayLike) -> np.ndarray:
    """The smallest rotated rectangle about the largest connected part of a mask.

    Args:
      mask: [H, W] in 0..1, from `full_frame`.
      threshold: pixels above it belong to the target.
      box: (x, y, w, h), the tracker's own, whose corners stand in where the mask shows no more than 100 pixels.

    Returns:
      float64 [8]: x and y of four corners, pixels, 0-based, rounded to 1/1024: clockwise as one sees the image, from
      the lowest corner, of two as low from the right one.
    """
    above = (np.asarray(mask) > threshold).astype(np.uint8)
    contours, _ = cv2.findContours(above, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(contours, key=cv2.contourArea, default=None)
    if largest is not None and cv2.contourArea(largest) > LEAST_AREA:
        return _in_order(cv2.boxPoints(cv2.minAreaRect(largest.reshape(-1, 2)))).reshape(8)
    return corners(box)


def _in_order(points: np.ndarray) -> np.ndarray:
    """Corners [4, 2] of a rectangle in one order and rounding; up to 4.12 OpenCV starts at another."""
    points = np.round(points.astype(np.float64) * 1024) / 1024
    (ax, ay), (bx, by) = points[1] - points[0], points[2] - points[0]
    around = points if ax * by - ay * bx > 0 else points[::-1]  # y is down: positive is clockwise
    return np.roll(around, -max(range(4), key=lambda at: (around[at, 1], around[at, 0])), axis=0)


def corners(box: ArrayLike) -> np.ndarray:
    """float64 [8]: the corners of a box (x, y, w, h), clockwise from the top left."""
    x, y, w, h = np.asarray(box, np.float64)
    return np.array([x, y, x + w, y, x + w, y + h, x, y + h])
