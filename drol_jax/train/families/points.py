"""SiamBAN's targets and distance (Chen et al., CVPR 2020), as NanoTrack has them: points inside the target."""

from typing import Any

import jax
import jax.numpy as jnp

from drol_jax.config import Config
from drol_jax.nets import Response
from drol_jax.tracker.families.points import encode, points
from drol_jax.train.losses import LossSettings, rpn_losses, weighted
from drol_jax.train.targets import Targets
from drol_jax.train.targets import overlaps as overlap_of


def targets(
    centre: jax.Array, size: jax.Array, config: Config, *, overlaps: tuple[float, float], radius: float
) -> Targets:
    """Points in the ellipse of half the box's sides are positive, those outside the one of its sides negative.

    Args:
      centre: [B, 2] (x, y), search pixels off the region's middle.
      size: [B, 2] (w, h), search pixels.
    """
    point = jnp.asarray(points(config.search))[None, None]
    centre, size = centre[:, None, None, None], size[:, None, None, None]
    reach = jnp.sum(((point - centre) / (size / 2)) ** 2, axis=-1)
    offsets = encode(centre - size / 2, centre + size / 2, point)
    return Targets(positive=reach < 0.25, negative=reach > 1, offsets=offsets)


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
    """1 - overlap of the boxes that distances [B, 1, R, R, 4] tell, [B, 1, R, R]."""
    return 1 - _side_overlap(said, wanted)


def _side_overlap(a: jax.Array, b: jax.Array) -> jax.Array:
    """Overlap of two boxes about one point, each [..., 4] distances (left, top, right, bottom)."""
    a, b = jnp.maximum(a, 0), jnp.maximum(b, 0)
    both = jnp.prod(jnp.minimum(a[..., :2], b[..., :2]) + jnp.minimum(a[..., 2:], b[..., 2:]), axis=-1)
    areas = [jnp.prod(x[..., :2] + x[..., 2:], axis=-1) for x in (a, b)]
    return both / jnp.maximum(areas[0] + areas[1] - both, 1e-6)


def best_overlap(said: jax.Array, wanted: jax.Array, place: jax.Array, config: Config) -> jax.Array:
    """[B] overlap of the boxes that distances [B, 4] tell, each pair of boxes about one point."""
    return jnp.where(jnp.all(wanted + wanted[:, [2, 3, 0, 1]] > 0, axis=1), _signed_overlap(said, wanted), 0)


def _signed_overlap(a: jax.Array, b: jax.Array) -> jax.Array:
    """As `_side_overlap` where the point may lie outside b, whose distances then are negative."""
    boxes = [jnp.concatenate([(x[:, 2:] - x[:, :2]) / 2, x[:, 2:] + x[:, :2]], axis=-1) for x in (a, b)]
    return overlap_of(*boxes)
