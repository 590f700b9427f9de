"""What a network should answer: targets of every cell of its response, from the target's box in the search region.

Places are search pixels off the region's middle, as the trackers decode them. Letters: B pairs, A anchors a cell,
R rows and columns of the response, S those of the search region.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from drol_jax.config import Config, ModelConfig
from drol_jax.image.boxes import target_from_box
from drol_jax.tracker.anchors import anchors, cell_places
from drol_jax.tracker.fidelity import rules
from drol_jax.tracker.points import points


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Targets:
    """Of every place: SiamRPN's anchors [B, A, R, R]; points and SiamFC's cells [B, 1, R, R].

    A place that is neither positive nor negative has no part in the loss.
    """

    positive: jax.Array  # bool [B, A, R, R]
    negative: jax.Array  # bool [B, A, R, R]
    offsets: jax.Array | None  # float32 [B, A, R, R, 4], what `loc` should say at positive places; None for SiamFC


def targets(
    box: jax.Array,
    positive: jax.Array,
    config: Config,
    *,
    positive_overlap: float,
    negative_overlap: float,
    radius: float,
) -> Targets:
    """Targets of pairs.

    Args:
      box: [B, 4] (x, y, w, h) of the target in the search region, pixels; read where positive.
      positive: bool [B]; all places of other pairs are negative.
      config: the tracker that is trained: network and geometry.
      positive_overlap, negative_overlap: anchors that overlap the box by more than the first are positive, by less than
        the second negative.
      radius: SiamFC: cells up to so many cells from the box's centre are positive, the others negative.
    """
    # Pairs without the target get a box that divides by nothing.
    box = jnp.where(positive[:, None], box, jnp.float32(1.0))
    centre, size = target_from_box(box)
    centre = centre - (config.search.instance_size - 1) / 2
    if config.model.head == "siamfc":
        found = _of_cells(centre, config, radius)
    elif config.model.anchor_free:
        found = _of_points(centre, size, config)
    else:
        found = _of_anchors(centre, size, config, positive_overlap, negative_overlap)
    here = positive[:, None, None, None]
    return Targets(positive=found.positive & here, negative=found.negative | ~here, offsets=found.offsets)


def overlaps(a: jax.Array, b: jax.Array) -> jax.Array:
    """Intersection over union, [...]; boxes [..., 4] (x, y, w, h) by their centres, broadcast against each other."""
    low = jnp.maximum(a[..., :2] - a[..., 2:] / 2, b[..., :2] - b[..., 2:] / 2)
    high = jnp.minimum(a[..., :2] + a[..., 2:] / 2, b[..., :2] + b[..., 2:] / 2)
    both = jnp.prod(jnp.maximum(high - low, 0), axis=-1)
    return both / (jnp.prod(a[..., 2:], axis=-1) + jnp.prod(b[..., 2:], axis=-1) - both)


def anchor_grid(config: Config) -> jax.Array:
    """[A, R, R, 4] (x, y, w, h), where the tracker that is trained decodes them."""
    return jnp.asarray(anchors(config.model, config.search, rules(config).cells(config.search)))


def _of_anchors(centre, size, config, positive_overlap, negative_overlap) -> Targets:
    anchor = anchor_grid(config)
    wanted = jnp.concatenate([centre, size], axis=-1)[:, None, None, None]
    overlap = overlaps(anchor, wanted)
    offsets = jnp.concatenate(
        [(wanted[..., :2] - anchor[..., :2]) / anchor[..., 2:], jnp.log(wanted[..., 2:] / anchor[..., 2:])], axis=-1
    )
    return Targets(positive=overlap > positive_overlap, negative=overlap < negative_overlap, offsets=offsets)


def _of_points(centre, size, config) -> Targets:
    """Points in the ellipse of half the box's sides are positive, those outside the one of its sides negative.

    Source: SiamBAN (Chen et al., CVPR 2020), which NanoTrack follows.
    """
    point = jnp.asarray(points(config.search))
    centre, size = centre[:, None, None, None], size[:, None, None, None]
    reach = jnp.sum(((point - centre) / (size / 2)) ** 2, axis=-1)
    offsets = jnp.concatenate([point - (centre - size / 2), centre + size / 2 - point], axis=-1)
    return Targets(positive=reach < 0.25, negative=reach > 1, offsets=offsets)


def _of_cells(centre, config, radius) -> Targets:
    search = config.search
    line = jnp.asarray(cell_places(search), jnp.float32)
    x, y = line[None, None, None, :] - centre[:, None, None, None, 0], line[:, None] - centre[:, None, None, None, 1]
    near = x**2 + y**2 <= (radius * search.stride) ** 2
    return Targets(positive=near, negative=~near, offsets=None)


def split(response: jax.Array, model: ModelConfig, kinds: int) -> jax.Array:
    """Channels of a response, [B, R, R, kinds * A] in PySOT's order -> [B, A, R, R, kinds]."""
    count = 1 if model.anchor_free else model.anchors_per_cell
    b, rows, columns, _ = response.shape
    return response.reshape(b, rows, columns, kinds, count).transpose(0, 4, 1, 2, 3)
