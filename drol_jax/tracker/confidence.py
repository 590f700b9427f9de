"""`confidence`: the probability that a found box overlaps the target by more than a half."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from drol_jax.config import Config


class Signs(NamedTuple):
    """What speaks for a box being right. The score does not: where a box has drifted it stays high."""

    likeness: jax.Array  # float32 () in -1..1, to the first frame's target (`tracker.appearance`)
    online: jax.Array | None  # float32 (), the online score map at the box's middle; None with the subnet off


def confidence(config: Config, signs: Signs) -> jax.Array:
    """Two logistic factors (`drol_jax.config.ConfidenceConfig`), monotone in every sign.

    Args:
      signs: of the box.

    Returns:
      float32 () in [0, 1]; 0 where a sign is NaN.
    """
    fitted = config.calibration
    probability = jax.nn.sigmoid(fitted.offset + fitted.likeness * signs.likeness)
    if signs.online is not None:
        seen = jnp.clip(signs.online, 0, 1)
        probability = probability * jax.nn.sigmoid(fitted.online_offset + fitted.online * seen)
    return jnp.where(jnp.isnan(probability), 0.0, probability)
