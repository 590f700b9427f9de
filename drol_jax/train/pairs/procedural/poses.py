"""Where an object is in an image, and how it is turned, stretched and bent there.

Pixels p become the object's coordinates v in two steps, each exactly invertible: u = inverse (p - centre), then a bend,
v_x = u_x + a u_y^2 + c u_y^3 and v_y = u_y + b v_x^2. So outlines lead to tight boxes without a pixel painted.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from drol_jax.train.pairs.procedural.dice import Dice
from drol_jax.train.pairs.procedural.things import Thing, outline


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Pose:
    """Map from the object to the image."""

    matrix: jax.Array  # float32 [2, 2] from the object's units to pixels
    centre: jax.Array  # float32 [2] (x, y), pixel of the object's origin
    bend: jax.Array  # float32 [3] a, b, c


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Attitude:
    """What a pose is apart from place and size."""

    turn: jax.Array  # float32 () radians
    aspect: jax.Array  # float32 () factor on width over height, before the turn
    bend: jax.Array  # float32 [3]


def attitude(dice: Dice, *, turned, turn, aspect, bend) -> Attitude:
    """Any: rotated freely in the share `turned` of cases, else by about `turn` radians."""
    free = dice.chance(turned)
    return Attitude(
        turn=jnp.where(free, dice.uniform(-3.14159, 3.14159), dice.about(turn)),
        aspect=dice.factor(aspect),
        bend=dice.about(bend, (3,)) * jnp.array([1.0, 1.0, 0.7]),
    )


def changed(of: Attitude, by: Attitude) -> Attitude:
    """First `of`, then `by`."""
    return Attitude(turn=of.turn + by.turn, aspect=of.aspect * by.aspect, bend=of.bend + by.bend)


def extent(of: Thing, seen: Attitude) -> jax.Array:
    """Upright bounds float32 [2, 2] (low, high) x (x, y) of the object at its own size about its origin."""
    points = outline(of)
    a, b, c = seen.bend
    y = points[:, 1] - b * points[:, 0] ** 2
    x = points[:, 0] - a * y**2 - c * y**3
    placed = jnp.stack([x, y], axis=-1) @ _matrix(seen).T
    return jnp.stack([jnp.min(placed, axis=0), jnp.max(placed, axis=0)])


def posed(seen: Attitude, bounds: jax.Array, middle: jax.Array, size: jax.Array) -> Pose:
    """The object with the middle of its box, from `extent`, at `middle`, scaled to `size` pixels a unit."""
    return Pose(matrix=size * _matrix(seen), centre=middle - size * jnp.mean(bounds, axis=0), bend=seen.bend)


def _matrix(seen: Attitude) -> jax.Array:
    cosine, sine, wide = jnp.cos(seen.turn), jnp.sin(seen.turn), seen.aspect**0.5
    return jnp.stack([jnp.stack([cosine * wide, -sine / wide]), jnp.stack([sine * wide, cosine / wide])])
