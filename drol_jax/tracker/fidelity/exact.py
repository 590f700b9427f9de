"""The method's geometry, as it is meant. Matrices as in `tracker.places`."""

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.config import SearchConfig
from drol_jax.image.boxes import exact_box_from_target as box
from drol_jax.image.boxes import target_from_box as target
from drol_jax.image.crops import centred_crop as crop
from drol_jax.nets import Template
from drol_jax.tracker.places import cell_places, cubic_at, whole_places
from drol_jax.tracker.places import cell_places as anchor_places
from drol_jax.tracker.state import TrackerState

__all__ = ["anchor_places", "box", "crop", "target"]

fc_alike = True
"""SiamFC's two templates are read at one scale, fused with one score map, and compared in shares of the first one's
peak."""
lasting_fill = False
"""A crop is padded with the colour of the first frame."""
mask_corner = 0.5
"""Pixels from the mask's edge to the corner of its box: pixel i is from i - 1/2 to i + 1/2 wide."""
mask_renews_always = False
"""SiamMask's short-term template is renewed at the interval."""
enlarged_map = True
"""The long-term tracker's enlarged region has a score map of its own size and scale."""


def side(computed: jax.Array) -> jax.Array:
    """Side of the squares that are cut for the first template and for search regions, as computed."""
    return computed


def overlap(a: jax.Array, b: jax.Array) -> jax.Array:
    """Overlap () of two boxes by corners, each [2, 2] (low, high) x (x, y), as continuous areas."""
    inter = jnp.prod(jnp.maximum(jnp.minimum(a[1], b[1]) - jnp.maximum(a[0], b[0]), 0))
    return inter / (jnp.prod(a[1] - a[0]) + jnp.prod(b[1] - b[0]) - inter)


def anchor_confidence(side: int, search: SearchConfig) -> np.ndarray:
    """The online score map, of so many rows, at the anchors."""
    return cubic_at(side / 2 + cell_places(search), search.stride, side)


def point_confidence(side: int, search: SearchConfig) -> np.ndarray:
    """The online score map, of so many rows, at the points."""
    return cubic_at(side / 2 + whole_places(search), search.stride, side)


def fc_upsampling(search: SearchConfig) -> np.ndarray:
    """From SiamFC's response map to the map that the peak is read from.

    Cubic with a = -0.5, which keeps a parabola's peak where it is; OpenCV's -0.75 does not.
    """
    size, factor = search.score_size, search.response_upsampling
    return cubic_at((np.arange(size * factor) + 0.5) / factor, 1.0, size)


def fc_confidence(side: int, search: SearchConfig) -> np.ndarray:
    """The online score map, of so many rows, where that map's pixels lie in the crop, stride / upsampling apart."""
    size = search.score_size * search.response_upsampling
    pixels = (np.arange(size) - (size - 1) / 2) * (search.stride / search.response_upsampling)
    return cubic_at(side / 2 + pixels, 1.0, side)


def renewal(old: jax.Array, new: jax.Array) -> jax.Array:
    """Target size (w, h) that a candidate template is cut for: the one found."""
    return new


def mask_template(winner: jax.Array, state: TrackerState) -> Template:
    """Template that SiamMask's mask is decoded with: the winner's."""
    if state.short_term is None:
        return state.template
    return jax.tree.map(lambda a, b: jnp.where(winner == 1, b, a), state.template, state.short_term.template)
