"""Bilinear sampling of uint8 images that gives the same bytes everywhere.

OpenCV's own `warpAffine` and `remap` sample at 1/32 pixel up to release 4.13 and exactly from 5.0, and how they round
depends on the processor's vector unit. Here OpenCV only fetches pixels at whole coordinates; all arithmetic is numpy's,
which rounds as IEEE 754 says. Every rounding is where OpenCV 5.0 with AVX2 has it, so that its pictures stay.
"""

from collections.abc import Callable

import numpy as np

from drol_jax.system.opencv import cv2

_LANES = 16  # pixels that OpenCV 5.0 treats at once; what is left of a row it sums in another order
_ROWS = 32  # rows at once: what they need stays in the processor's cache
_DOUBT = 1 / 2048  # of a grey level


def float32(value: np.ndarray | float) -> np.ndarray:
    """float64: a value rounded to float32. Of a product plus a sum, the result of a fused multiply-add."""
    return np.asarray(value, np.float32).astype(np.float64)


def warp_affine(
    image: np.ndarray,
    matrix: np.ndarray,
    size: tuple[int, int],
    border: int = cv2.BORDER_CONSTANT,
    fill: tuple[float, ...] = (0, 0, 0, 0),
    inverse: bool = False,
) -> np.ndarray:
    """Resample an image under an affine map, bilinearly.

    Args:
      image: uint8 [H, W, C], C is 3 or 4, sides below 32,767.
      matrix: float64 [2, 3], image pixels (x, y) to result pixels; with `inverse`, result pixels to image pixels.
      size: (width, height) of the result.
      border: OpenCV's name for what lies around the image, BORDER_CONSTANT or BORDER_REFLECT_101.
      fill: colour of a constant border.

    Returns:
      uint8 [height, width, C].
    """
    to_image = np.asarray(matrix, np.float64) if inverse else _inverted(np.asarray(matrix, np.float64))
    x, y = (_positions(row, size[0]) for row in to_image)
    return _sample(image, x, y, size, border, fill)


def remap(image: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Resample an image at given places, bilinearly, black around it.

    Args:
      image: uint8 [H, W, C], C is 3 or 4, sides below 32,767.
      x, y: float32 [height, width], pixels of the image.

    Returns:
      uint8 [height, width, C].
    """
    return _sample(image, x.__getitem__, y.__getitem__, x.shape[::-1], cv2.BORDER_CONSTANT, (0, 0, 0, 0))


def _inverted(matrix: np.ndarray) -> np.ndarray:
    (a, b, c), (d, e, f) = matrix.tolist()  # Python's floats: no library solves this in an order of its own
    determinant = a * e - b * d
    scale = 1 / determinant if determinant else 0.0
    a, b, d, e = e * scale, -scale * b, -scale * d, a * scale
    return np.array([[a, b, -a * c - b * f], [d, e, -d * c - e * f]])


def _positions(row: np.ndarray, width: int) -> Callable[[slice], np.ndarray]:
    """One coordinate in the image, float64 [rows, width] that float32 can hold, of the given rows of the result."""
    across, down, start = (float32(value) for value in row)
    x = np.arange(width, dtype=np.float64)
    whole = width - width % _LANES

    def of(rows: slice) -> np.ndarray:
        left = float32(down * np.arange(rows.start, rows.stop, dtype=np.float64)[:, None])
        at = np.empty((rows.stop - rows.start, width))
        at[:, :whole] = float32(across * x[:whole] + float32(left + start))
        at[:, whole:] = float32(float32(across * x[whole:] + left) + start)
        return at

    return of


def _sample(
    image: np.ndarray,
    x: Callable[[slice], np.ndarray],
    y: Callable[[slice], np.ndarray],
    size: tuple[int, int],
    border: int,
    fill: tuple[float, ...],
) -> np.ndarray:
    (width, height), channels = size, image.shape[2]
    result = np.empty((height, width, channels), np.uint8)
    # Beyond the border's first pixel a constant border is the same everywhere; int16 holds what is left.
    constant = border == cv2.BORDER_CONSTANT
    limits = [(-2, side) if constant else (-32767, 32766) for side in image.shape[1::-1]]
    for top in range(0, height, _ROWS):
        rows = slice(top, min(top + _ROWS, height))
        at = [positions(rows) for positions in (x, y)]
        corner = [np.floor(positions) for positions in at]
        part = [(where - whole).astype(np.float32) for where, whole in zip(at, corner, strict=True)]
        left, over = (np.clip(c, *limit).astype(np.int16) for c, limit in zip(corner, limits, strict=True))
        near = [_pixels(image, cv2.merge([i, j]), border, fill) for j in (over, over + 1) for i in (left, left + 1)]
        result[rows] = _between(*near, *(cv2.merge([p] * channels) for p in part))
    return result


def _pixels(image: np.ndarray, at: np.ndarray, border: int, fill: tuple[float, ...]) -> np.ndarray:
    return cv2.remap(image, at, None, cv2.INTER_NEAREST, borderMode=border, borderValue=fill).astype(np.float32)  # type: ignore[call-overload]


def _between(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray, right: np.ndarray, below: np.ndarray):
    """Whole numbers nearest to what lies between four pixels; all float32 [rows, width, C].

    Single precision is wrong by less than `_DOUBT`: only numbers that near to a half are computed with each rounding in
    its place.
    """
    upper, lower = a + right * (b - a), c + right * (d - c)
    value = upper + below * (lower - upper)
    doubtful = np.flatnonzero(np.abs(value - np.floor(value) - 0.5) < _DOUBT)
    if doubtful.size:
        a, b, c, d, right, below = (
            part.reshape(-1)[doubtful].astype(np.float64) for part in (a, b, c, d, right, below)
        )
        upper, lower = float32(a + right * (b - a)), float32(c + right * (d - c))
        value.reshape(-1)[doubtful] = upper + below * float32(lower - upper)
    return np.rint(value)
