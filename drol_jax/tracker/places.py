"""Constants of the response maps: where cells lie, windows, resizing matrices. numpy, built while tracing.

Letters: R rows and columns of the response map. A matrix is one axis of a linear resampling, float32 [places read at,
places given].
"""

import numpy as np

from drol_jax.config import SearchConfig


def whole_places(search: SearchConfig) -> np.ndarray:
    """Places of the response map's cells along one axis, [R], search pixels off the crop's centre, in whole strides.

    The middle is cell R // 2 for even R too, where the crop's centre lies half a cell before it.
    """
    return (np.arange(search.score_size) - search.score_size // 2) * search.stride


def cell_places(search: SearchConfig) -> np.ndarray:
    """The same where the crop's centre is in the middle of the map, whatever R is."""
    return (np.arange(search.score_size) - (search.score_size - 1) / 2) * search.stride


def hann_window(size: int) -> np.ndarray:
    """Cosine window, float32 [size, size], zero at the border."""
    line = np.hanning(size)
    return np.outer(line, line).astype(np.float32)


def cubic_matrix(source: int, target: int) -> np.ndarray:
    """One axis of Pillow's antialiased bicubic reduction (a = -0.5), float32 [target, source]; target <= source."""
    scale = source / target
    return cubic_at((np.arange(target) + 0.5) * scale, scale, source)


def cubic_at(centre: np.ndarray, scale: float, source: int) -> np.ndarray:
    """That kernel, `scale` wide, about any places, float32 [len(centre), source]; cell i has its middle at i + 1/2."""
    low = np.maximum(np.trunc(centre - 2 * scale + 0.5), 0)
    high = np.minimum(np.trunc(centre + 2 * scale + 0.5), source)
    tap = np.arange(source)
    x = np.abs((tap - centre[:, None] + 0.5) / scale)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    weight = np.where(x < 1, near, np.where(x < 2, far, 0))
    weight = np.where((tap >= low[:, None]) & (tap < high[:, None]), weight, 0)
    return (weight / weight.sum(axis=1, keepdims=True)).astype(np.float32)


def linear_matrix(source: int, target: int) -> np.ndarray:
    """One axis of bilinear resizing about pixel centres, edges clamped, float32 [target, source]."""
    position = np.clip((np.arange(target) + 0.5) * (source / target) - 0.5, 0, source - 1)
    return np.maximum(1 - np.abs(position[:, None] - np.arange(source)), 0).astype(np.float32)
