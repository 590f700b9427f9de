"""Sequences as images: groundtruth and trackers' regions aligned, and their outlines in a frame."""

from collections.abc import Iterator, Sequence

import numpy as np

from drol_jax.image.boxes import overlap
from drol_jax.metrics.polygons import exact_overlaps
from drol_jax.metrics.regions import Regions
from drol_jax.report.style import GROUNDTRUTH
from drol_jax.system.opencv import cv2

Shape = tuple[Regions, tuple[int, int, int]]
"""Regions by frame, in the benchmark's own origin, and their colour (RGB)."""


def fitted(regions: Regions, groundtruth: Regions) -> Regions | None:
    """Regions of as many frames as the groundtruth: a longer result's last ones, a shorter one with nothing behind.

    None where a result is less than half as long.
    """
    missing = len(groundtruth) - len(regions)
    if missing <= 0:
        return regions[-missing:]
    if missing > len(groundtruth) // 2:
        return None
    corners = np.concatenate([regions.corners, np.full((missing, 4, 2), np.nan)])
    boxes = np.concatenate([regions.boxes, np.full((missing, 4), np.nan)])
    return Regions(corners, boxes, np.concatenate([regions.codes, np.zeros(missing, np.int8)]))


def overlaps_of(regions: Regions, groundtruth: Regions) -> np.ndarray:
    """[T] in [0, 1]; NaN where either has no region."""
    if not groundtruth.is_box.any() or not regions.is_box.any():
        return exact_overlaps(regions, groundtruth)
    return overlap(regions.boxes, groundtruth.boxes)


def outlined(image: np.ndarray, number: int, shapes: Sequence[Shape], origin: int, width: int) -> np.ndarray:
    """A frame with regions in it.

    Args:
      image: uint8 RGB [H, W, 3].
      number: of the frame, from 0.
      shapes: the last one lies on top.
      origin: of the benchmark's pixels.
      width: of the result, in pixels.

    Returns:
      uint8 RGB, of the image's aspect.
    """
    scale = width / image.shape[1]
    height = max(1, round(image.shape[0] * scale))
    drawn = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    for corners, colour in _outlines(number, shapes, origin, scale):
        # Dark edges keep colours apart from the image; the groundtruth lies thin on top, so that it hides no tracker.
        widths = [(1, colour)] if colour == GROUNDTRUTH else [(4, (0, 0, 0)), (2, colour)]
        for thickness, paint in widths:
            cv2.polylines(drawn, [corners], True, paint, thickness, cv2.LINE_AA, 4)
    return drawn


def _outlines(
    number: int, shapes: Sequence[Shape], origin: int, scale: float
) -> Iterator[tuple[np.ndarray, tuple[int, int, int]]]:
    """Corners in sixteenths of a pixel, as OpenCV draws them finely; regions far outside stay within its range."""
    for regions, colour in shapes:
        corners = (regions.corners[number] - origin) * scale
        if np.isfinite(corners).all():
            yield np.clip(corners * 16, -1e6, 1e6).round().astype(np.int32), colour
