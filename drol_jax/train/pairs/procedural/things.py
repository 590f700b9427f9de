"""Objects: what they look like, whichever way they are seen.

An object has up to four parts in its own coordinates (body about 1 across from the middle); a part is an ellipse, a
rounded or a plain rectangle, or a star-shaped blob. Inside, stripes, checks or noise mix two colours of each part.
Letters: P parts, A points of a part's outline.
"""

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp

from drol_jax.train.pairs.procedural.dice import Dice, colours
from drol_jax.train.pairs.procedural.waves import Waves, joined, noise, pattern

PARTS = 4
WAVES = 12
DRAWS = 300
"""Random values that `thing` takes at most."""
_ANGLES = 48


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Thing:
    """One object."""

    there: jax.Array  # float32 [P], 1 where there is such a part, the first always
    middle: jax.Array  # float32 [P, 2] (x, y)
    half: jax.Array  # float32 [P, 2] half sizes
    turn: jax.Array  # float32 [P] radians
    corners: jax.Array  # float32 [P] 0 an ellipse, 1 a rounded rectangle, 2 a rectangle
    wobble: jax.Array  # float32 [P, 3, 2] cosine and sine of the 2, 3 and 5 bulges about the part
    ground: jax.Array  # float32 [P, 3] RGB 0..1
    figure: jax.Array  # float32 [P, 3] RGB 0..1
    waves: Waves  # [2, WAVES]: the pattern between ground and figure; the shading
    sharpness: jax.Array  # float32 () of the pattern's edges
    shading: jax.Array  # float32 () strength
    light: jax.Array  # float32 [2] brighter towards
    rim: jax.Array  # float32 () darker towards the edge


def thing(dice: Dice, stretch: float) -> Thing:
    """Any object, its long side at most `stretch` times the short."""
    oblong = jnp.exp(jnp.log(stretch) * jnp.clip(dice.about(0.45), -1, 1))
    body = jnp.stack([oblong**0.5, oblong**-0.5])
    count = PARTS - 1
    angle = dice.uniform(0.0, 6.2832, (count,))
    # Limbs and heads keep to the body's axes more often than not.
    angle = jnp.where(dice.chance(0.6, (count,)), jnp.round(angle / 1.5708) * 1.5708, angle)
    inside = dice.chance(0.5, (count,))
    reach = jnp.where(inside, dice.uniform(0.0, 0.6, (count,)), dice.uniform(0.85, 1.25, (count,)))
    middle = reach[:, None] * body * jnp.stack([jnp.cos(angle), jnp.sin(angle)], axis=-1)
    size = dice.uniform(0.18, 0.55, (count,)) * jnp.where(inside, 0.8, 1.0)
    shape = dice.factor(2.5, (count,)) ** 0.5
    half = size[:, None] * jnp.stack([shape, 1 / shape], axis=-1)
    tilt = dice.uniform(-1.6, 1.6, (PARTS,)) * dice.chance(0.4, (PARTS,)) * (jnp.arange(PARTS) > 0)
    blob = dice.chance(0.3, (PARTS,))
    wobble = dice.about(1.0, (PARTS, 3, 2)) * jnp.array([0.11, 0.09, 0.06])[:, None]
    tones = colours(dice, 2 * PARTS)
    # Parts share the body's colours about every other time.
    alike = dice.chance(0.35, (PARTS, 1))
    ground, figure = tones[:PARTS], tones[PARTS:]
    figure = ground + dice.uniform(0.15, 1.0) * (figure - ground)
    fine = dice.uniform(0.35, 0.9)
    waves = joined(pattern(dice, WAVES, fine, 3.0), noise(dice, WAVES, 0.2, 4.0))
    return Thing(
        there=jnp.concatenate([jnp.ones(1), dice.chance(dice.uniform(0.1, 0.9), (count,)).astype(jnp.float32)]),
        middle=jnp.concatenate([jnp.zeros((1, 2)), middle]),
        half=jnp.concatenate([body[None], half]),
        turn=tilt,
        corners=dice.one_of(0.5, 0.3, 0.2, shape=(PARTS,)).astype(jnp.float32),
        wobble=wobble * jnp.where(blob, 1.0, 0.1 * dice.uniform())[:, None, None],
        ground=jnp.where(alike, ground[:1], ground),
        figure=jnp.where(alike, figure[:1], figure),
        waves=waves,
        sharpness=0.35 * 30 ** dice.uniform(),
        shading=dice.uniform(0.02, 0.2),
        light=dice.about(0.12, (2,)),
        rim=dice.uniform(-0.1, 0.45),
    )


def lookalike(dice: Dice, of: Thing, other: Thing) -> Thing:
    """Another individual of the kind: the outline nearly the same; colours, pattern or both are of the other's."""
    kind = dice.one_of(0.35, 0.3, 0.35)
    colour, cloth = kind != 1, kind != 0
    part = dice.uniform(0.25, 1.0)

    def tone(own: jax.Array, others: jax.Array) -> jax.Array:
        near = jnp.clip(own + dice.about(0.03, (1, 3)), 0, 1)
        return jnp.where(colour, own + part * (others - own), near)

    return replace(
        of,
        middle=of.middle + dice.about(0.06, (PARTS, 2)) * (jnp.arange(PARTS) > 0)[:, None],
        half=of.half * dice.factor(1.15, (PARTS, 2)),
        wobble=of.wobble + dice.about(0.02, (PARTS, 3, 2)),
        ground=tone(of.ground, other.ground),
        figure=tone(of.figure, other.figure),
        waves=jax.tree.map(lambda a, b: jnp.where(cloth, a, b), other.waves, of.waves),
        sharpness=jnp.where(cloth, other.sharpness, of.sharpness),
    )


def camouflaged(of: Thing, palette: jax.Array, share: jax.Array) -> Thing:
    """The same in colours of a palette [>= 2 P, 3], by so much."""
    ground, figure = palette[:PARTS], palette[PARTS : 2 * PARTS]
    return replace(of, ground=of.ground + share * (ground - of.ground), figure=of.figure + share * (figure - of.figure))


def outline(of: Thing) -> jax.Array:
    """Points of all parts' outlines, float32 [P * A, 2] (x, y)."""
    angle = jnp.arange(_ANGLES) * (6.2832 / _ANGLES)
    x, y = jnp.cos(angle), jnp.sin(angle)

    def part(there, middle, half, turn, corners, wobble):
        reach = bulges(x, y, wobble) / radius(x, y, corners)
        u, v = x * reach * half[0], y * reach * half[1]
        cosine, sine = jnp.cos(turn), jnp.sin(turn)
        points = middle + jnp.stack([u * cosine - v * sine, u * sine + v * cosine], axis=-1)
        return jnp.where(there > 0, points, jnp.zeros(2))  # parts that are not there count as a point of the body

    points = jax.vmap(part)(of.there, of.middle, of.half, of.turn, of.corners, of.wobble)
    return points.reshape(-1, 2)


def radius(x: jax.Array, y: jax.Array, corners: jax.Array) -> jax.Array:
    """How far (x, y) is out, 1 on the edge: the 2-norm, 4-norm or maximum norm, by `corners`."""
    xx, yy = x * x, y * y
    sharp = jnp.where(corners > 1.5, jnp.maximum(xx, yy), jnp.sqrt(xx * xx + yy * yy))
    return jnp.sqrt(jnp.where(corners < 0.5, xx + yy, sharp))


def bulges(c: jax.Array, s: jax.Array, wobble: jax.Array) -> jax.Array:
    """Factor on the radius in the direction (c, s), a unit vector; `wobble` [3, 2] as in `Thing`, of one part."""
    c2, s2 = c * c - s * s, 2 * c * s
    c3, s3 = c2 * c - s2 * s, s2 * c + c2 * s
    c5, s5 = c3 * c2 - s3 * s2, s3 * c2 + c3 * s2
    two = wobble[0, 0] * c2 + wobble[0, 1] * s2
    three = wobble[1, 0] * c3 + wobble[1, 1] * s3
    return 1 + two + three + wobble[2, 0] * c5 + wobble[2, 1] * s5
