"""SiamRPN's targets and distance (Li et al., CVPR 2018, 2019): anchors over the target, and their offsets."""

from typing import Any

import jax
import jax.numpy as jnp

from drol_jax.config import Config
from drol_jax.nets import Response
from drol_jax.tracker.families.anchors import decode, encode, grid
from drol_jax.train.losses import LossSettings, rpn_losses, weighted
from drol_jax.train.targets import Targets
from drol_jax.train.targets import overlaps as overlap_of


def targets(
    centre: jax.Array, size: jax.Array, config: Config, *, overlaps: tuple[float, float], radius: float
) -> Targets:
    """Anchors that overlap the box by more than the first of `overlaps` are positive, by less than the second negative.

    Args:
      centre: [B, 2] (x, y), search pixels off the region's middle.
      size: [B, 2] (w, h), search pixels.
    """
    anchor = jnp.asarray(grid(config))
    wanted = jnp.concatenate([centre, size], axis=-1)[:, None, None, None]
    overlap = overlap_of(anchor[None], wanted)
    offsets = encode(wanted, anchor[None])
    return Targets(positive=overlap > overlaps[0], negative=overlap < overlaps[1], offsets=offsets)


def losses(
    response: Response,
    head: Any,
    targets: Targets,
    present: jax.Array,
    config: Config,
    settings: LossSettings,
    key: jax.Array,
) -> tuple[dict[str, jax.Array], jax.Array, jax.Array]:
    """(scalars by name, loss, the positive places that count, bool [B, A, R, R]); arguments as of `rpn_losses`."""
    scalars, positive = rpn_losses(response, targets, present, config, settings, key)
    return scalars, weighted(scalars, settings), positive


def away(said: jax.Array, wanted: jax.Array, positive: jax.Array, kind: str) -> jax.Array:
    """Distance of offsets [B, A, R, R, 4] from the wanted ones, [B, A, R, R]."""
    # Offsets elsewhere may be infinite, and infinity times zero is no number.
    return jnp.sum(_distance(said - jnp.where(positive[..., None], wanted, 0), kind), axis=-1)


def _distance(difference: jax.Array, kind: str) -> jax.Array:
    size = jnp.abs(difference)
    return size if kind == "l1" else jnp.where(size < 1, 0.5 * size**2, size - 0.5)


def best_overlap(said: jax.Array, wanted: jax.Array, place: jax.Array, config: Config) -> jax.Array:
    """[B] overlap of the boxes that offsets [B, 4] tell at places int [B] of the flat response."""
    anchor = jnp.asarray(grid(config)).reshape(-1, 4)[place]
    return overlap_of(decode(said, anchor), decode(wanted, anchor))
