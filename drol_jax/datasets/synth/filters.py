"""Blurs and enlargements that give the same bytes everywhere.

OpenCV's own differ in the last bit between releases, with and without Intel's library, and with the processor's vector
unit, and a last bit becomes a grey level. All arithmetic here is numpy's; every rounding is where OpenCV 5.0 for x86
with AVX2 has it, so that its pictures stay as they are. Hence ends of rows are summed in another order than the rest.
"""

from collections.abc import Iterator
from collections.abc import Sequence as SequenceOf
from functools import lru_cache
from typing import Literal

import numpy as np

from drol_jax.image.sampling import float32
from drol_jax.system.opencv import cv2

_BAND = 2**16  # numbers that are worked on at once
_CUBIC = -0.75  # the cubic's free parameter, as OpenCV and PyTorch have it


def blur(image: np.ndarray, sigma: float, outside: Literal["reflect", "constant"] = "reflect") -> np.ndarray:
    """Gaussian blur of a float32 image [H, W] or [H, W, C], as wide as the blur reaches.

    Args:
      sigma: pixels, > 0.6.
      outside: "reflect" about the border's pixels, or "constant" 0.
    """
    kernel = cv2.getGaussianKernel(round(8 * sigma + 1) | 1, sigma, cv2.CV_32F)[:, 0].tolist()
    reach, height, step = len(kernel) // 2, image.shape[0], image[0, 0].size
    around = ((reach, reach), (reach, reach), (0, 0))[: image.ndim]
    padded = np.pad(image.astype(np.float32), around, mode=outside).reshape(height + 2 * reach, -1)
    width = image.shape[1] * step
    rows = np.empty((len(padded), width), np.float32)
    for band in bands(rows):
        _blur_rows(rows[band], padded[band], step, kernel)
    del padded
    columns = np.empty((height, width), np.float32)
    for band in bands(columns):
        _blur_columns(columns[band], rows[band.start : band.stop + 2 * reach], kernel)
    return columns.reshape(image.shape)


def _blur_rows(blurred: np.ndarray, padded: np.ndarray, step: int, kernel: list[float]) -> None:
    width = blurred.shape[1]
    np.multiply(padded[:, :width], np.float32(kernel[0]), out=blurred)
    for tap in range(1, len(kernel)):
        _add(blurred, padded[:, tap * step : tap * step + width], kernel[tap], 4)


def _blur_columns(blurred: np.ndarray, rows: np.ndarray, kernel: list[float]) -> None:
    reach, height = len(kernel) // 2, len(blurred)
    np.multiply(rows[reach : reach + height], np.float32(kernel[reach]), out=blurred)
    for tap in range(1, reach + 1):
        both = rows[reach - tap : reach - tap + height] + rows[reach + tap : reach + tap + height]
        _add(blurred, both, kernel[reach + tap], 8)


def blur_noise(noise: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur of float64 noise [H, W, C] over 3 x 3 pixels, reflected about the border's pixels."""
    outer, middle, _ = cv2.getGaussianKernel(3, sigma, cv2.CV_64F)[:, 0]
    blurred = np.empty_like(noise)
    for band in bands(noise):
        around = np.abs(np.arange(band.start - 1, band.stop + 1))
        around = np.where(around < len(noise), around, np.maximum(0, 2 * len(noise) - 2 - around))
        padded = np.pad(noise[around], ((0, 0), (1, 1), (0, 0)), "reflect")
        rows = outer * (padded[:, :-2] + padded[:, 2:]) + middle * padded[:, 1:-1]
        blurred[band] = outer * (rows[:-2] + rows[2:]) + middle * rows[1:-1]
    return blurred


def _add(total: np.ndarray, values: np.ndarray, weight: float, lanes: int) -> None:
    """Add weighted values in place, fused with the product but for what is left of a row of `lanes`; all float32."""
    whole = values.shape[1] // lanes * lanes
    rest = total[:, whole:] + values[:, whole:] * np.float32(weight)
    _fuse(total, values, weight)
    total[:, whole:] = rest


def _fuse(total: np.ndarray, values: np.ndarray, weights: np.ndarray | float) -> None:
    """Add products to a float32 array in place, as a fused multiply-add does: without rounding in between."""
    products = np.multiply(values, weights, dtype=np.float64)
    products += total
    total[...] = products


def bands(image: np.ndarray) -> Iterator[slice]:
    """The rows of an image, so many at a time as lie in a core's cache."""
    step = max(1, _BAND // max(1, image[:1].size))
    for start in range(0, len(image), step):
        yield slice(start, min(start + step, len(image)))


def enlarge(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Float32 or float64 image [h, w, C] drawn out to (width, height), bilinearly."""
    result = image
    for axis, count in ((1, size[0]), (0, size[1])):
        cell, part = _cells(image.shape[axis], count)
        low, high = (result.take(np.clip(cell + at, 0, image.shape[axis] - 1), axis) for at in (0, 1))
        part = part.astype(image.dtype).reshape((-1, 1, 1) if axis == 0 else (-1, 1))
        result = low
        if image.dtype == np.float32:
            _fuse(result, high - low, part)
        else:
            result += part * (high - low)
    return result


def enlarge_smoothly(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Float32 or uint8 image [h, w] drawn out to (width, height), bicubically; the border's pixels go on outside."""
    drawn = (_coarse if min(image.shape) < 4 else _cubic)(image.astype(np.float32), *size)
    return drawn if image.dtype == np.float32 else np.clip(np.rint(drawn), 0, 255).astype(np.uint8)


def _cells(cells: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The cell at or before each of `count` pixels, and how far beyond its centre the pixel lies: 0..1."""
    at = (np.arange(count) + 0.5) * (cells / count) - 0.5
    cell = np.floor(at).astype(int)
    return cell, at - cell


def _cubic(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """Bicubic enlargement of at least 4 x 4 cells. Pixels that need cells outside are summed in their own order."""
    across, x_weights, x_inner = _taps(image.shape[1], width)
    down, y_weights, y_inner = _taps(image.shape[0], height)
    cells, y_weights = [image[:, taps] for taps in across], [weights[:, None] for weights in y_weights]
    outer, middle = (_fused(cells, x_weights, order) for order in ((0, 1, 2, 3), (1, 0, 2, 3)))
    lines = (outer, middle, middle, outer)
    result = np.empty((height, width), np.float32)

    def frame(rows: slice, columns: slice) -> None:
        parts = [line[taps[rows], columns] for line, taps in zip(lines, down, strict=True)]
        result[rows, columns] = _pairs(parts, [part[rows] for part in y_weights], (0, 2, 1, 3))

    for rows in (slice(y_inner.start), slice(y_inner.stop, None)):
        frame(rows, slice(None))
    for columns in (slice(x_inner.start), slice(x_inner.stop, None)):
        frame(y_inner, columns)
    inner = _pairs(cells, x_weights, (0, 1, 2, 3))
    ends = slice(x_inner.stop - (x_inner.stop - x_inner.start) % 4, x_inner.stop)
    inner[:, ends] = _pairs([part[:, ends] for part in cells], [part[ends] for part in x_weights], (0, 2, 1, 3))
    inner = inner[:, x_inner]
    down, y_weights = [taps[y_inner] for taps in down], [part[y_inner] for part in y_weights]
    for band in bands(drawn := result[y_inner, x_inner]):
        a, b, c, d = (inner[taps[band]] for taps in down)
        of_a, of_b, of_c, of_d = (part[band] for part in y_weights)
        b *= of_b
        d *= of_d
        _fuse(b, a, of_a)
        _fuse(d, c, of_c)
        np.add(b, d, out=drawn[band])
    return result


def _taps(cells: int, count: int) -> tuple[list[np.ndarray], list[np.ndarray], slice]:
    """Four cells about each of `count` pixels and their weights; which pixels need no cell outside."""
    cell, part = _cells(cells, count)
    part = float32(1 + float32(part)) - 1
    far = [_CUBIC * (x - 1) * (x - 2) ** 2 for x in (1 + part, 2 - part)]
    near = [((_CUBIC + 2) * x - (_CUBIC + 3)) * x * x + 1 for x in (part, 1 - part)]
    weights = [value.astype(np.float32) for value in (far[0], *near, far[1])]
    inner = slice(int(np.searchsorted(cell, 1)), int(np.searchsorted(cell, cells - 3, "right")))
    return [np.clip(cell + at, 0, cells - 1) for at in (-1, 0, 1, 2)], weights, inner


def _fused(cells: SequenceOf[np.ndarray], weights: SequenceOf[np.ndarray], order: SequenceOf[int]) -> np.ndarray:
    total = cells[order[0]] * weights[order[0]]
    for tap in order[1:]:
        _fuse(total, cells[tap], weights[tap])
    return total


def _pairs(cells: SequenceOf[np.ndarray], weights: SequenceOf[np.ndarray], order: SequenceOf[int]) -> np.ndarray:
    a, b, c, d = (cells[tap] * weights[tap] for tap in order)
    a += b
    c += d
    a += c
    return a


def _coarse(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """Bicubic enlargement of fewer than 4 cells a side, every operation rounded to float32."""
    across, x_weights = _coarse_taps(image.shape[1], width)
    down, y_weights = _coarse_taps(image.shape[0], height)
    parts = [image[:, taps] * weights for taps, weights in zip(across, x_weights, strict=True)]
    rows = parts[0] + parts[1] + parts[2] + parts[3]
    a, b, c, d = (rows[taps] * weights[:, None] for taps, weights in zip(down, y_weights, strict=True))
    result, ends = a + (b + (c + d)), width // 4 * 4
    result[:, ends:] = (a + b + c + d)[:, ends:]
    return result


def _coarse_taps(cells: int, count: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    at = float32((np.arange(count) + 0.5) * (1 / (count / cells)) - 0.5)
    cell = np.floor(at).astype(int)
    x, a = float32(at - cell), _CUBIC
    beyond, left = float32(x + 1), float32(1 - x)

    def near(x: np.ndarray) -> np.ndarray:
        return float32(float32(float32(float32(float32((a + 2) * x) - (a + 3)) * x) * x) + 1)

    steps = float32(float32(float32(a * beyond) - 5 * a) * beyond)
    weights = [float32(float32(float32(steps + 8 * a) * beyond) - 4 * a), near(x), near(left)]
    weights.append(float32(float32(float32(1 - weights[0]) - weights[1]) - weights[2]))
    return [np.clip(cell + tap, 0, cells - 1) for tap in (-1, 0, 1, 2)], [part.astype(np.float32) for part in weights]


def mean(values: np.ndarray) -> np.float32:
    """Mean of a float32 array, as numpy 2.4 sums: earlier releases add in another order."""
    return _sum(values.reshape(-1)) / np.float32(values.size)


def deviation(values: np.ndarray) -> np.float32:
    """Standard deviation of a float32 array, as numpy 2.4 sums."""
    return np.sqrt(mean((values - mean(values)) ** 2))


def _sum(values: np.ndarray) -> np.float32:
    """Pairwise sum: halves down to at most 128 numbers, which are added in eight strands."""
    leaves, pairs = _plan(len(values))
    sums = np.empty(sum(len(at) for _, _, at in leaves) + sum(len(at) for _, _, at in pairs), np.float32)
    for count, starts, at in leaves:
        part, whole = values[starts[:, None] + np.arange(count)], count // 8 * 8
        total = part[:, :8].copy() if whole else np.zeros((len(starts), 8), np.float32)
        for first in range(8, whole, 8):
            total += part[:, first : first + 8]
        while total.shape[1] > 1:
            total = total[:, ::2] + total[:, 1::2]
        total = total[:, 0]
        for rest in range(whole, count):
            total = total + part[:, rest]
        sums[at] = total
    for left, right, at in pairs:
        sums[at] = sums[left] + sums[right]
    return sums[0]


@lru_cache(maxsize=256)
def _plan(length: int) -> tuple[list, list]:
    """How so many numbers are summed: places of the sums, the whole one's 0.

    Returns:
      For each length of leaves (length, their starts, their places), and from the leaves up (places of left halves, of
      right halves, of their sums).
    """
    leaves: dict[int, list[tuple[int, int]]] = {}
    levels: list[list[tuple[int, int, int]]] = []
    level, places = [(0, length, 0)], 1
    while level:
        pairs, below = [], []
        for start, stop, at in level:
            if stop - start <= 128:
                leaves.setdefault(stop - start, []).append((start, at))
                continue
            middle = start + (stop - start) // 2 // 8 * 8
            pairs.append((places, places + 1, at))
            below += [(start, middle, places), (middle, stop, places + 1)]
            places += 2
        levels.append(pairs)
        level = below
    ends = [(count, *np.array(found).T) for count, found in leaves.items()]
    return ends, [tuple(np.array(pairs).T) for pairs in reversed(levels) if pairs]
