"""SiamFC's targets and loss (Bertinetto et al., 2016): cells near the target against all others."""

from typing import Any

import jax
import jax.numpy as jnp

from drol_jax.config import Config
from drol_jax.nets import Response
from drol_jax.tracker.places import cell_places
from drol_jax.train.losses import LossSettings, mean_over
from drol_jax.train.targets import Targets


def targets(
    centre: jax.Array, size: jax.Array, config: Config, *, overlaps: tuple[float, float], radius: float
) -> Targets:
    """Cells up to `radius` cells from the target's centre are positive, the others negative.

    Args:
      centre: [B, 2] (x, y), search pixels off the region's middle.
    """
    search = config.search
    line = jnp.asarray(cell_places(search), jnp.float32)
    x, y = (
        line[None, None, None, :] - centre[:, None, None, None, 0],
        line[None, None, :, None] - centre[:, None, None, None, 1],
    )
    near = x**2 + y**2 <= (radius * search.stride) ** 2
    return Targets(positive=near, negative=~near, offsets=None)


def losses(
    response: Response,
    head: Any,
    targets: Targets,
    present: jax.Array,
    config: Config,
    settings: LossSettings,
    key: jax.Array,
) -> tuple[dict[str, jax.Array], jax.Array, None]:
    """(scalars by name, loss, None: all places count).

    Args:
      head: the head's parameters.
      present: bool [B], pairs with the target.
    """
    scalars = siamfc_losses(response, head["bias"], targets, present, settings)
    return scalars, scalars["cls"], None


def siamfc_losses(
    response: Response, bias: jax.Array, targets: Targets, present: jax.Array, settings: LossSettings
) -> dict[str, jax.Array]:
    """SiamFC's logistic loss, positive and negative cells of a pair at equal weight.

    Args:
      bias: [1], the head's.

    Returns:
      Scalars `cls`, and `overlap`: the share of pairs whose highest cell is a positive one, which is no loss.
    """
    logits = (response.cls[..., 0] * settings.response_scale + bias[0])[:, None]
    positive, negative = targets.positive, targets.negative
    losses = jax.nn.softplus(jnp.where(positive, -logits, logits))
    share = _share(positive) + _share(negative)
    flat = logits.reshape(logits.shape[0], -1)
    hit = jnp.take_along_axis(positive.reshape(flat.shape), jnp.argmax(flat, axis=1)[:, None], axis=1)[:, 0]
    return {
        "cls": 0.5 * jnp.mean(jnp.sum(losses * share, axis=(1, 2, 3))),
        "overlap": mean_over(hit.astype(jnp.float32), present),
    }


def _share(chosen: jax.Array) -> jax.Array:
    """Weights of the chosen cells that add up to one for each pair, float32 [B, 1, R, R]."""
    count = jnp.sum(chosen, axis=(1, 2, 3), keepdims=True)
    return chosen.astype(jnp.float32) / jnp.maximum(count, 1).astype(jnp.float32)
