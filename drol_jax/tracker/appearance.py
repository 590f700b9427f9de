"""`Appearance`: what the target looked like in the first frame, to the network; and how like it a found box is.

A score says how well a place answers a template; a box that has grown over twice the target answers well too. Features
are therefore compared place by place over the whole box, first frame against now, as published trackers do not.

Letters: G rows and columns of the patch, L feature cells, C channels.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from drol_jax.config import Config
from drol_jax.config.network import backbone_facts

G = 8


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Appearance:
    """The target in the first frame."""

    patch: jax.Array
    """float32 [G, G, C], features at equal distances over the target's box, less `mean`."""
    mean: jax.Array
    """float32 [C], over the whole search region: what all places share says nothing of one."""


def appearance(config: Config, feature: jax.Array, size: jax.Array, scale: jax.Array) -> Appearance:
    """The appearance of a target in the middle of a search region.

    Args:
      feature: [L, L, C], the region's.
      size: [2] (w, h), the target, image pixels.
      scale: crop pixels per image pixel.
    """
    mean = jnp.mean(feature, axis=(0, 1))
    return Appearance(patch=_patch(config, feature, jnp.zeros(2), size * scale) - mean[None, None], mean=mean)


def likeness(
    first: Appearance, config: Config, feature: jax.Array, offset: jax.Array, size: jax.Array, scale: jax.Array
) -> jax.Array:
    """Mean cosine between the features over a box and those over the first frame's, place by place.

    Args:
      feature: [L, L, C], the search region's that the box lies in.
      offset: [2] (x, y), the box's middle off the region's, image pixels.
      size: [2] (w, h), the box, image pixels.
      scale: crop pixels per image pixel.

    Returns:
      float32 () in -1..1.
    """
    seen = _patch(config, feature, offset * scale, size * scale) - first.mean[None, None]
    products = jnp.sum(seen * first.patch, axis=-1)
    lengths = jnp.sqrt(jnp.sum(seen * seen, axis=-1) * jnp.sum(first.patch * first.patch, axis=-1))
    return jnp.mean(products / jnp.maximum(lengths, 1e-12))


def _patch(config: Config, feature: jax.Array, offset: jax.Array, size: jax.Array) -> jax.Array:
    """Features [G, G, C] at equal distances over a box, linearly between cells; the outermost ones go on outside.

    Args:
      offset: [2] (x, y), its middle off the crop's, crop pixels.
      size: [2] (w, h), crop pixels.
    """
    facts, cells = backbone_facts(config.model), feature.shape[0]
    middle = (config.search.instance_size - 1) / 2
    steps = (jnp.arange(G, dtype=jnp.float32) + 0.5) / G - 0.5

    def weights(axis: int) -> jax.Array:
        pixels = middle + offset[axis] + steps * size[axis]
        place = jnp.clip((pixels - facts.first_cell) / facts.stride, 0, cells - 1)
        return jnp.maximum(0, 1 - jnp.abs(place[:, None] - jnp.arange(cells, dtype=jnp.float32)[None]))

    return jnp.einsum("gi,hj,ijc->ghc", weights(1), weights(0), feature)
