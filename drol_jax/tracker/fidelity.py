"""Where the two fidelities differ in the tracker: crops, boxes, where maps are read, and how two templates compare.

What differs in the online subnet is in `online/geometry.py`. Matrices are one axis of a linear resampling, numpy
float32 [places read at, places given], built while tracing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.config import Config, SearchConfig
from drol_jax.image.boxes import box_from_target, exact_box_from_target
from drol_jax.image.crops import Frame, centred_crop, crop
from drol_jax.nets import Template
from drol_jax.tracker.anchors import cell_places, cubic_at, cubic_matrix, linear_matrix, published_places
from drol_jax.tracker.points import points_line, points_matrix
from drol_jax.tracker.state import TrackerState


@dataclass(frozen=True, kw_only=True)
class Rules:
    """One fidelity's."""

    crop: Callable[[Frame, jax.Array, jax.Array, int, jax.Array], jax.Array]
    side: Callable[[jax.Array], jax.Array]
    """Side of the squares that are cut for the first template and for search regions, from the computed one."""
    box: Callable[[jax.Array, jax.Array], jax.Array]
    """Box that leaves the tracker, from centre and size."""
    overlap: Callable[[jax.Array, jax.Array], jax.Array]
    """() of two boxes given by corners, each [2, 2] (low, high) x (x, y)."""
    cells: Callable[[SearchConfig], np.ndarray]
    """Centres of the response map's cells, for anchors."""
    confidence: Callable[[int, Config], np.ndarray]
    """Matrix from the online score map, of so many rows, to the response map."""
    fc_upsampling: Callable[[Config], np.ndarray]
    """Matrix from SiamFC's response map to the map that the peak is read from."""
    fc_confidence: Callable[[int, Config], np.ndarray]
    """Matrix from the online score map, of so many rows, to that map."""
    fc_alike: bool
    """SiamFC's two templates are read at one scale, fused with one confidence, and compared in shares of the first
    one's peak."""
    renewal: Callable[[jax.Array, jax.Array], jax.Array]
    """Target size (w, h) that a candidate template is cut for, from the old size and the new."""
    lasting_fill: bool
    """The colour that pads a candidate template pads all later crops."""
    mask_template: Callable[[jax.Array, TrackerState], Template]
    """Template that SiamMask's mask is decoded with, from the winner's number."""
    mask_corner: float
    """From the mask's edge to the corner of its box, pixels: pixel i is from i - 1/2 to i + 1/2 wide."""
    mask_renews_always: bool
    """SiamMask's short-term template is renewed in every frame, whatever the interval."""
    enlarged_map: bool
    """The long-term tracker's enlarged region has a score map of its own size and scale."""


def rules(config: Config) -> Rules:
    return PUBLISHED if config.fidelity == "published" else EXACT


def whole_pixel_overlap(a: jax.Array, b: jax.Array) -> jax.Array:
    """Overlap of boxes whose corners are cut to whole pixels."""
    return _overlap(jnp.trunc(a), jnp.trunc(b), 1e-6)


def overlap(a: jax.Array, b: jax.Array) -> jax.Array:
    """Overlap of boxes as continuous areas, which a tracker's are never without."""
    return _overlap(a, b, 0.0)


def _overlap(a: jax.Array, b: jax.Array, least: float) -> jax.Array:
    inter = jnp.prod(jnp.maximum(jnp.minimum(a[1], b[1]) - jnp.maximum(a[0], b[0]), 0))
    union = jnp.prod(a[1] - a[0]) + jnp.prod(b[1] - b[0]) - inter
    return inter / (union + least)


def _stretched(side: int, config: Config) -> np.ndarray:
    """The whole score map over the whole response map; over points it is read at the points.

    Nobody has published the subnet over points, so there is no quirk to keep.
    """
    if config.model.anchor_free:
        return points_matrix(side, config.search)
    return cubic_matrix(side, config.search.score_size)


def _in_place(side: int, config: Config) -> np.ndarray:
    """The score map where the answers of the response's cells are about: at the anchors, or at the points."""
    places = points_line(config.search) if config.model.anchor_free else cell_places(config.search)
    return cubic_at(side / 2 + places, config.search.stride, side)


def _fc_size(config: Config) -> int:
    return config.search.score_size * config.search.response_upsampling


def _fc_linear(config: Config) -> np.ndarray:
    return linear_matrix(config.search.score_size, _fc_size(config))


def _fc_cubic(config: Config) -> np.ndarray:
    """Cubic with a = -0.5, which keeps a parabola's peak where it is; OpenCV's -0.75 does not."""
    size, factor = config.search.score_size, config.search.response_upsampling
    return cubic_at((np.arange(size * factor) + 0.5) / factor, 1.0, size)


def _fc_stretched(side: int, config: Config) -> np.ndarray:
    return linear_matrix(side, _fc_size(config))


def _fc_in_place(side: int, config: Config) -> np.ndarray:
    """The score map where the upsampled pixels lie in the crop, stride / upsampling pixels apart."""
    size = _fc_size(config)
    pixels = (np.arange(size) - (size - 1) / 2) * (config.search.stride / config.search.response_upsampling)
    return cubic_at(side / 2 + pixels, 1.0, side)


def _winner(winner: jax.Array, state: TrackerState) -> Template:
    if state.short_term is None:
        return state.template
    return jax.tree.map(lambda a, b: jnp.where(winner == 1, b, a), state.template, state.short_term.template)


PUBLISHED = Rules(
    crop=crop,
    side=jnp.round,
    box=box_from_target,
    overlap=whole_pixel_overlap,
    cells=published_places,
    confidence=_stretched,
    fc_upsampling=_fc_linear,
    fc_confidence=_fc_stretched,
    fc_alike=False,
    renewal=lambda old, new: old,
    lasting_fill=True,
    mask_template=lambda winner, state: state.template,
    mask_corner=0.0,
    mask_renews_always=True,
    enlarged_map=False,
)
EXACT = Rules(
    crop=centred_crop,
    side=lambda side: side,
    box=exact_box_from_target,
    overlap=overlap,
    cells=cell_places,
    confidence=_in_place,
    fc_upsampling=_fc_cubic,
    fc_confidence=_fc_in_place,
    fc_alike=True,
    renewal=lambda old, new: new,
    lasting_fill=False,
    mask_template=_winner,
    mask_corner=0.5,
    mask_renews_always=False,
    enlarged_map=True,
)
