"""Objects as they are seen in one image: which, how large, where."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from drol_jax.train.pairs.procedural.dice import Dice
from drol_jax.train.pairs.procedural.painting import Patch, patch
from drol_jax.train.pairs.procedural.poses import Attitude, Pose, attitude, extent, posed
from drol_jax.train.pairs.procedural.settings import ProceduralSettings
from drol_jax.train.pairs.procedural.things import Thing

WINDOW = 1.18
"""Side of the square that every object fits into, in exemplar sizes."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Actor:
    """An object in an image."""

    thing: Thing
    pose: Pose
    patch: Patch
    middle: jax.Array  # float32 [2] (x, y) pixels, of its box
    size: jax.Array  # float32 [2] (w, h) pixels, of its box
    shown: jax.Array  # bool ()
    target: jax.Array  # float32 (), 1 where it is the target


@dataclass(frozen=True, kw_only=True)
class Studio:
    """What all actors of an image have in common."""

    dice: Dice
    settings: ProceduralSettings
    exemplar: int
    side: int
    """Side of the image, pixels."""
    scale: jax.Array
    """Pixels a unit of the target."""


def seen(
    studio: Studio, one: Thing, posture: Attitude, middle: jax.Array, growth: jax.Array, shown: jax.Array
) -> Actor:
    """An object at `middle`, `growth` times the studio's scale, or less where it would not fit its window."""
    bounds = extent(one, posture)
    return _placed(studio, one, posture, bounds, middle, _fitting(studio, bounds, growth), shown)


def beside(studio: Studio, one: Thing, other: Actor, away: tuple[float, float], shown: jax.Array) -> Actor:
    """An object in any direction from another: 1 away, boxes of round objects would touch."""
    dice = studio.dice
    posture = attitude(dice, turned=0.25, turn=0.15, aspect=1.3, bend=studio.settings.bend)
    bounds = extent(one, posture)
    size = _fitting(studio, bounds, dice.factor(1.4))
    angle = dice.uniform(0.0, 6.2832)
    way = jnp.stack([jnp.cos(angle), jnp.sin(angle)])
    reach = (other.size + size * (bounds[1] - bounds[0])) / 2
    return _placed(studio, one, posture, bounds, other.middle + way * reach * dice.uniform(*away), size, shown)


def aside(dice: Dice, other: Actor, side: int) -> jax.Array:
    """A place in the image, mostly clear of another object: the farther of two draws, float32 [2] (x, y)."""
    draws = dice.uniform(0.05, 0.95, (2, 2)) * side
    away = jnp.max(jnp.abs(draws - other.middle) / other.size, axis=-1)
    return draws[jnp.argmax(away)]


def pick(condition: jax.Array, yes, no):
    """One of two pytrees of equal shapes."""
    return jax.tree.map(lambda a, b: jnp.where(condition, a, b), yes, no)


def _fitting(studio: Studio, bounds: jax.Array, growth: jax.Array) -> jax.Array:
    return jnp.minimum(growth * studio.scale, 0.97 * WINDOW * studio.exemplar / jnp.max(bounds[1] - bounds[0]))


def _placed(
    studio: Studio,
    one: Thing,
    posture: Attitude,
    bounds: jax.Array,
    middle: jax.Array,
    size: jax.Array,
    shown: jax.Array,
) -> Actor:
    pose = posed(posture, bounds, middle, size)
    at = patch(pose, middle, min(round(WINDOW * studio.exemplar), studio.side), studio.side)
    box = size * (bounds[1] - bounds[0])
    return Actor(thing=one, pose=pose, patch=at, middle=middle, size=box, shown=shown, target=jnp.zeros(()))
