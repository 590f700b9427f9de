"""The quirks that shaped the published scores. Matrices as in `tracker.places`."""

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.config import SearchConfig
from drol_jax.image.boxes import box_from_target as box
from drol_jax.image.boxes import target_of_box as target
from drol_jax.image.crops import crop
from drol_jax.nets import Template
from drol_jax.tracker.places import cubic_at, cubic_matrix, linear_matrix, whole_places
from drol_jax.tracker.places import whole_places as anchor_places
from drol_jax.tracker.state import TrackerState

__all__ = ["anchor_places", "box", "crop", "target"]

fc_alike = False
"""SiamFC reads the short-term template at a scale of its own and without the subnet's score map."""
lasting_fill = True
"""The colour that pads a candidate template pads all later crops."""
mask_corner = 0.0
"""Pixels from the mask's edge to the corner of its box."""
mask_renews_always = True
"""SiamMask's frame counter stands still: its short-term template is renewed in every frame."""
enlarged_map = False
"""The score map of the long-term tracker's enlarged region keeps the ordinary size and scale."""


def side(computed: jax.Array) -> jax.Array:
    """Side of the squares that are cut for the first template and for search regions: whole pixels."""
    return jnp.round(computed)


def overlap(a: jax.Array, b: jax.Array) -> jax.Array:
    """Overlap () of two boxes by corners, each [2, 2] (low, high) x (x, y), which are cut to whole pixels."""
    a, b = jnp.trunc(a), jnp.trunc(b)
    inter = jnp.prod(jnp.maximum(jnp.minimum(a[1], b[1]) - jnp.maximum(a[0], b[0]), 0))
    return inter / (jnp.prod(a[1] - a[0]) + jnp.prod(b[1] - b[0]) - inter + 1e-6)


def anchor_confidence(side: int, search: SearchConfig) -> np.ndarray:
    """The whole online score map, of so many rows, over the whole response map."""
    return cubic_matrix(side, search.score_size)


def point_confidence(side: int, search: SearchConfig) -> np.ndarray:
    """The online score map, of so many rows, at the points; its middle is pixel side // 2.

    Nobody has published the subnet over points, so there is no quirk to keep: stretched over an even R, as for anchors,
    the map would lie half a cell, 8 search pixels, off the points.
    """
    return cubic_at(side // 2 + 0.5 + whole_places(search), search.stride, side)


def fc_upsampling(search: SearchConfig) -> np.ndarray:
    """From SiamFC's response map to the map that the peak is read from: linear."""
    return linear_matrix(search.score_size, search.score_size * search.response_upsampling)


def fc_confidence(side: int, search: SearchConfig) -> np.ndarray:
    """The whole online score map, of so many rows, over that map."""
    return linear_matrix(side, search.score_size * search.response_upsampling)


def renewal(old: jax.Array, new: jax.Array) -> jax.Array:
    """Target size (w, h) that a candidate template is cut for: the one before the step."""
    return old


def mask_template(winner: jax.Array, state: TrackerState) -> Template:
    """Template that SiamMask's mask is decoded with: the first, whichever won."""
    return state.template
