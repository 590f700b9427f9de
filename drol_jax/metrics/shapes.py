"""Overlap of masks and polygons of any number of corners, by counting pixels as vot-toolkit 0.7.4 does.

`raster` does boxes and four corners all at once; here each frame is drawn by itself. The canvas is the smallest window
about both regions, within the image. Regions whose common window is a pixel wide or high are the same to the toolkit
(overlap 1) before the image's borders are looked at, and share nothing (0) after. Source: `region/raster.py`.
"""

import numpy as np

from drol_jax.image.shapes import Mask, Shape

Window = tuple[int, int, int, int]
"""Left, top, right, bottom: first and last pixels."""


def shape_overlap(a: Shape | None, b: Shape | None, bounds: tuple[float, float] | None) -> float:
    """Intersection over union in pixels.

    Args:
      a, b: regions; four numbers [4] are a box (x, y, w, h); None stands for a code.
      bounds: (width, height) of the image; None for no bounds.
    """
    windows = _window(a), _window(b)
    low = [min(first, second) for first, second in zip(*(window[:2] for window in windows), strict=True)]
    high = [max(first, second) for first, second in zip(*(window[2:] for window in windows), strict=True)]
    if low[0] >= high[0] or low[1] >= high[1]:
        return 1.0
    if bounds is not None:
        low = [max(value, 0) for value in low]
        high = [min(value, int(bound) - 1) for value, bound in zip(high, bounds, strict=True)]
    if low[0] >= high[0] or low[1] >= high[1]:
        return 0.0
    canvas = (low[0], low[1], high[0], high[1])
    first, second = _drawn(a, canvas), _drawn(b, canvas)
    union = int((first | second).sum())
    return int((first & second).sum()) / union if union else 0.0


def _window(shape: Shape | None) -> Window:
    if shape is None:
        return 0, 0, 0, 0
    if isinstance(shape, Mask):
        tight = shape.tight
        # To the toolkit a mask in the first column of its window alone is empty.
        if tight.x + tight.width - shape.x <= 1:
            return 0, 0, 0, 0
        return tight.x, tight.y, tight.x + tight.width - 1, tight.y + tight.height - 1
    rounded = np.round(shape.astype(np.float32)).astype(np.int64)
    if rounded.shape == (4,):
        x, y, w, h = rounded.tolist()
        return x, y, x + w - 1, y + h - 1
    (left, top), (right, bottom) = rounded.min(0).tolist(), rounded.max(0).tolist()
    return left, top, right, bottom


def _drawn(shape: Shape | None, canvas: Window) -> np.ndarray:
    """bool [height, width] of a canvas."""
    left, top, right, bottom = canvas
    drawn = np.zeros((bottom - top + 1, right - left + 1), bool)
    if shape is None or _window(shape) == (0, 0, 0, 0):
        return drawn
    if isinstance(shape, Mask):
        tight = shape.tight
        x, y = tight.x - left, tight.y - top
        pixels = tight.pixels[max(-y, 0) :, max(-x, 0) :]
        part = drawn[max(y, 0) :, max(x, 0) :][: pixels.shape[0], : pixels.shape[1]]
        part[:] = pixels[: part.shape[0], : part.shape[1]]
        return drawn
    if shape.shape == (4,):
        x0, y0, x1, y1 = _window(shape)
        drawn[max(y0 - top, 0) : max(y1 - top + 1, 0), max(x0 - left, 0) : max(x1 - left + 1, 0)] = True
        return drawn
    corners = np.round(shape.astype(np.float32)).astype(np.float64) - (left, top)
    for row in range(len(drawn)):
        _fill(drawn[row], _crossings(corners, row))
    return drawn


def _crossings(corners: np.ndarray, row: int) -> list[int]:
    """Columns in which a polygon's edges [K, 2] cross a row, in order; a level edge crosses its row at its end."""
    (xi, yi), (xj, yj) = corners.T, np.roll(corners, 1, 0).T
    level = yi == yj
    crossed = np.where(level, yi == row, (np.minimum(yi, yj) <= row) & (row <= np.maximum(yi, yj)))
    rise = np.where(level, 1.0, yj - yi)
    columns = xi + (row - yi) / rise * np.where(level, 0.0, xj - xi)
    return sorted(np.trunc(columns[crossed]).astype(np.int64).tolist())


def _fill(row: np.ndarray, crossings: list[int]) -> None:
    """Fill a row between pairs of crossings, both ends included; of two alike the first is passed over unless last."""
    at = 0
    while at < len(crossings) - 1:
        first, last = crossings[at], crossings[at + 1]
        if first >= len(row):
            return
        if first == last and at < len(crossings) - 2:
            at += 1
            continue
        if last >= 0:
            row[max(first, 0) : last + 1] = True
        at += 2
