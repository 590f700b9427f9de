"""What a network should answer: targets of every cell of its response, from the target's box in the search region.

Places are search pixels off the region's middle, as the trackers decode them. Letters: B pairs, A anchors a cell,
R rows and columns of the response, S those of the search region.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from drol_jax.config import Config, ModelConfig
from drol_jax.image.boxes import target_from_box
from drol_jax.tracker import families as tracked
from drol_jax.train.families import family


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Targets:
    """Targets of every place: SiamRPN's anchors [B, A, R, R]; points and SiamFC's cells [B, 1, R, R].

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
    overlaps = (positive_overlap, negative_overlap)
    found = family(config.model).targets(centre, size, config, overlaps=overlaps, radius=radius)
    here = positive[:, None, None, None]
    return Targets(positive=found.positive & here, negative=found.negative | ~here, offsets=found.offsets)


def overlaps(a: jax.Array, b: jax.Array) -> jax.Array:
    """Intersection over union, [...]; boxes [..., 4] (x, y, w, h) by their centres, broadcast against each other."""
    a, b = jnp.broadcast_arrays(a, b)
    low = jnp.maximum(a[..., :2] - a[..., 2:] / 2, b[..., :2] - b[..., 2:] / 2)
    high = jnp.minimum(a[..., :2] + a[..., 2:] / 2, b[..., :2] + b[..., 2:] / 2)
    both = jnp.prod(jnp.maximum(high - low, 0), axis=-1)
    return both / (jnp.prod(a[..., 2:], axis=-1) + jnp.prod(b[..., 2:], axis=-1) - both)


def split(response: jax.Array, model: ModelConfig, kinds: int) -> jax.Array:
    """Channels of a response, [B, R, R, kinds * A] in PySOT's order -> [B, A, R, R, kinds]."""
    count = tracked.family(model).places_a_cell(model)
    b, rows, columns, _ = response.shape
    return response.reshape(b, rows, columns, kinds, count).transpose(0, 4, 1, 2, 3)
