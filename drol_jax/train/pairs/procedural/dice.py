"""Random values out of one array.

A pair takes thousands of small draws. Drawn together they are one call of the generator, which keeps the compiled
program small; the dice hand them out one after the other while the program is traced.
"""

from collections.abc import Callable
from typing import TypeVar

import jax
import jax.numpy as jnp

Result = TypeVar("Result")


class Dice:
    """Hands out `values`, float32 [n] uniform in 0..1. Running out is an error while tracing."""

    def __init__(self, values: jax.Array) -> None:
        self._values = values
        self._used = 0

    @property
    def left(self) -> int:
        return self._values.shape[0] - self._used

    def uniform(self, low=0.0, high=1.0, shape: tuple[int, ...] = ()) -> jax.Array:
        """float32 [*shape] in low..high."""
        count = 1
        for side in shape:
            count *= side
        if count > self.left:
            raise ValueError(f"{count} more random values are wanted, {self.left} are left")
        taken = self._values[self._used : self._used + count].reshape(shape)
        self._used += count
        return low + (high - low) * taken

    def about(self, spread=1.0, shape: tuple[int, ...] = ()) -> jax.Array:
        """float32 [*shape] around zero with the standard deviation `spread`, bell-shaped, within 3 spreads."""
        return spread * 2 * jnp.sum(self.uniform(-0.5, 0.5, (*shape, 3)), axis=-1)

    def apart(self, shape: tuple[int, ...] = ()) -> jax.Array:
        """float32 [*shape] of -1 or 1."""
        return jnp.where(self.chance(0.5, shape), 1.0, -1.0)

    def chance(self, share, shape: tuple[int, ...] = ()) -> jax.Array:
        """bool [*shape], True for that share."""
        return self.uniform(shape=shape) < share

    def factor(self, largest, shape: tuple[int, ...] = ()) -> jax.Array:
        """float32 [*shape] in 1 / largest .. largest, even in its logarithm."""
        return jnp.exp(jnp.log(largest) * self.uniform(-1.0, 1.0, shape))

    def one_of(self, *weights: float, shape: tuple[int, ...] = ()) -> jax.Array:
        """int32 [*shape], index by weight."""
        edges = jnp.cumsum(jnp.asarray(weights[:-1], jnp.float32)) / sum(weights)
        return jnp.sum(self.uniform(shape=shape)[..., None] > edges, axis=-1)

    def several(self, count: int, each: int, function: "Callable[[Dice], Result]") -> Result:
        """`function` of that many dice of their own with `each` values, stacked: compiled once, not `count` times."""
        return jax.vmap(lambda row: function(Dice(row)))(self.uniform(shape=(count, each)))


_HUES = (0.45, 0.7, 1.1, 1.9, 3.7)
"""Radians: skin, wood and brick, sand, leaves, sky."""


def colours(dice: Dice, count: int) -> jax.Array:
    """float32 [count, 3] RGB 0..1: related in brightness and saturation as one image's are, some images grey."""
    vivid = 0.9 * dice.uniform() ** 1.5
    bright, wide = dice.uniform(0.25, 0.65), dice.uniform(0.2, 1.0)
    of_things = jnp.asarray(_HUES)[dice.one_of(3, 3, 2, 3, 2, shape=(count,))] + dice.about(0.2, (count,))
    hue = jnp.where(dice.chance(0.75, (count,)), of_things, dice.uniform(0.0, 6.2832, (count,)))
    value = jnp.clip(bright + wide * dice.uniform(-0.5, 0.5, (count,)), 0.04, 0.95)
    # What is bright is seldom vivid too: pastel images are rare.
    saturation = vivid * dice.uniform(0.1, 1.0, (count,)) * jnp.clip(1.25 - value, 0, 1)
    wheel = hue[:, None] - jnp.array([0.0, 2.0944, 4.1888])
    return jnp.clip(value[:, None] * (1 + saturation[:, None] * jnp.cos(wheel)), 0.0, 1.0)
