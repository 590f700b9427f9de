"""Constants of the response maps: anchors, windows, resizing matrices. numpy, built while tracing.

Letters: R rows and columns of the response map, A anchors a cell, S rows and columns of the online score map.
"""

import numpy as np

from drol_jax.config import ModelConfig, SearchConfig


def published_places(search: SearchConfig) -> np.ndarray:
    """Centres of the response map's cells along one axis, [R], search pixels off the crop's, as published.

    For even R cell R // 2 counts as the middle, half a cell from where it is.
    """
    return (np.arange(search.score_size) - search.score_size // 2) * search.stride


def cell_places(search: SearchConfig) -> np.ndarray:
    """Where they are, for the networks whose response map has the crop's middle."""
    return (np.arange(search.score_size) - (search.score_size - 1) / 2) * search.stride


def anchors(model: ModelConfig, search: SearchConfig, places: np.ndarray | None = None) -> np.ndarray:
    """Anchors of every cell, float32 [A, R, R, 4] (x, y, w, h): centre relative to the crop's, search pixels.

    Args:
      places: their centres along one axis, [R]; default as published.
    """
    size, stride = search.score_size, search.stride
    shapes = []
    for ratio in model.anchor_ratios:
        width = int(np.sqrt(stride * stride / ratio))
        height = int(width * ratio)
        shapes += [(width * scale, height * scale) for scale in model.anchor_scales]
    offset = (published_places(search) if places is None else places).astype(np.float32)
    grid = np.empty((len(shapes), size, size, 4), np.float32)
    grid[..., 0] = offset[None, None, :]
    grid[..., 1] = offset[None, :, None]
    grid[..., 2:] = np.array(shapes, np.float32)[:, None, None, :]
    return grid


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
