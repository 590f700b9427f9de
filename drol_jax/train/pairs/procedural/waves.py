"""Textures as sums of plane waves.

A wave stays a wave under any shift, zoom and rotation, and is a product of something in x and something in y up to two
terms: a whole texture, turned as wanted, is one matrix product. One wave makes stripes, two make checks and spots, many
over all frequencies make the 1/f noise of natural textures.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from drol_jax.train.pairs.procedural.dice import Dice


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Waves:
    """F fields of K waves."""

    frequency: jax.Array  # float32 [F, K, 2] (x, y), radians per unit
    phase: jax.Array  # float32 [F, K]
    strength: jax.Array  # float32 [F, K]


def noise(dice: Dice, count: int, low, high: float) -> Waves:
    """One field of waves in all directions, standard deviation 1; frequencies in cycles per unit."""
    rate = 6.2832 * low * (high / low) ** dice.uniform(shape=(1, count))
    angle = dice.uniform(0.0, 6.2832, (1, count))
    frequency = rate[..., None] * jnp.stack([jnp.cos(angle), jnp.sin(angle)], axis=-1)
    strength = jnp.full((1, count), (2 / count) ** 0.5)
    return Waves(frequency=frequency, phase=dice.uniform(0.0, 6.2832, (1, count)), strength=strength)


def pattern(dice: Dice, count: int, low, high: float) -> Waves:
    """One field: stripes, checks or noise, standard deviation 1; frequencies in cycles per unit."""
    base = noise(dice, count, low, high)
    kind = dice.one_of(0.25, 0.12, 0.63)
    first = base.frequency[:, :1]
    across = jnp.stack([-first[..., 1], first[..., 0]], axis=-1)
    frequency = jnp.concatenate([first, across, base.frequency[:, 2:]], axis=1)
    order = jnp.arange(count)
    stripes, checks = (order < 1) * 2**0.5, (order < 2) * 1.0
    strength = jnp.where(kind == 0, stripes, jnp.where(kind == 1, checks, base.strength))
    return Waves(frequency=jnp.where(kind == 1, frequency, base.frequency), phase=base.phase, strength=strength)


def joined(*fields: Waves) -> Waves:
    """The fields of all, which have equal K."""
    return jax.tree.map(lambda *parts: jnp.concatenate(parts), *fields)


def render(waves: Waves, inverse: jax.Array, x: jax.Array, y: jax.Array) -> jax.Array:
    """The fields at pixels.

    Args:
      inverse: float32 [2, 2] from pixels to the waves' units.
      x: float32 [W]. y: float32 [H]. Pixels from the waves' origin.

    Returns:
      float32 [F, H, W].
    """
    frequency = waves.frequency @ inverse
    across = frequency[:, :, None, 0] * x
    down = frequency[:, :, None, 1] * y + waves.phase[..., None]
    left = jnp.concatenate([jnp.cos(down), -jnp.sin(down)], axis=1) * jnp.tile(waves.strength, (1, 2))[..., None]
    right = jnp.concatenate([jnp.cos(across), jnp.sin(across)], axis=1)
    return jnp.einsum("fkh,fkw->fhw", left, right)
