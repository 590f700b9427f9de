"""Decoding of point-based responses (NanoTrack): the anchor-free sibling of `candidates.decode`.

Letters: R rows and columns of the response map.
"""

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.config import Config, SearchConfig
from drol_jax.nets import Response
from drol_jax.tracker.anchors import cubic_at


def points(search: SearchConfig) -> np.ndarray:
    """Place of every cell's point off the crop's centre, float32 [R, R, 2] (x, y), search pixels.

    The middle of the grid is cell R // 2 for even R too, where the crop's centre lies half a cell before it. The heads
    were trained with these points: whatever their cells are centred on (a pixel behind the point in versions 1 and 2,
    seven before it in version 3), their answers are about the points.
    """
    line = points_line(search).astype(np.float32)
    return np.stack(np.meshgrid(line, line), axis=-1)


def points_matrix(side: int, search: SearchConfig) -> np.ndarray:
    """One axis of reading the online score map at the points, float32 [R, side].

    For anchors the map is stretched over the response map (published). Nobody has published the subnet over points, so
    there is no quirk to keep: stretched over an even R it would lie half a cell, 8 search pixels, off the points.

    Args:
      side: rows and columns of the score map, search pixels; the crop's centre is at side // 2.
    """
    return cubic_at(side // 2 + 0.5 + points_line(search), search.stride, side)


def points_line(search: SearchConfig) -> np.ndarray:
    """Places of the points along one axis, [R], search pixels off the crop's centre."""
    return (np.arange(search.score_size) - search.score_size // 2) * search.stride


def decode_points(response: Response, config: Config) -> tuple[jax.Array, jax.Array]:
    """Target probability [1, R, R] and boxes [1, R, R, 4] (x, y, w, h): centre off the crop's, search pixels.

    Args:
      response: cls [1, R, R, 2] (background, target) logits; loc [1, R, R, 4] distances from the point to the left,
        top, right and bottom sides, search pixels.
    """
    assert response.loc is not None
    probability = jax.nn.softmax(response.cls, axis=-1)[..., 1]
    point = points(config.search)
    low, high = point - response.loc[..., :2], point + response.loc[..., 2:]
    return probability, jnp.concatenate([(low + high) * 0.5, high - low], axis=-1)
