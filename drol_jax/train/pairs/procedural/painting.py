"""Objects onto an image.

An object touches only a square window of the canvas.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from drol_jax.train.pairs.procedural.poses import Pose
from drol_jax.train.pairs.procedural.stages import stage
from drol_jax.train.pairs.procedural.things import PARTS, Thing, bulges, radius
from drol_jax.train.pairs.procedural.waves import render

Canvas = tuple[jax.Array, jax.Array]
"""float32 [3, N, N] RGB 0..1, and float32 [N, N] 0..1 how much of the target is seen."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Patch:
    """Where an object touches an image."""

    start: jax.Array  # int32 [2] (x, y) first pixel
    line: jax.Array  # float32 [2, n] (x, y) of its pixels, from the object's origin
    inverse: jax.Array  # float32 [2, 2] from pixels to the object's units


def patch(pose: Pose, middle: jax.Array, window: int, side: int) -> Patch:
    """The square of `window` pixels about `middle` (x, y), moved into the image of `side` pixels."""
    start = jnp.clip(jnp.round(middle).astype(jnp.int32) - window // 2, 0, side - window)
    line = jnp.arange(window) + start[:, None] - pose.centre[:, None]
    (a, b), (c, d) = pose.matrix
    inverse = jnp.stack([jnp.stack([d, -b]), jnp.stack([-c, a])]) / (a * d - b * c)
    return Patch(start=start, line=line, inverse=inverse)


def paint(canvas: Canvas, of: Thing, pose: Pose, at: Patch, shown: jax.Array, target: jax.Array) -> Canvas:
    """The canvas with an object in front.

    Args:
      shown: bool (), whether to paint at all.
      target: float32 (), 1 where it is the target; anything else hides the target.
    """
    alphas, rim = stage(shown, _cover, of, pose, at)
    fields = render(of.waves, at.inverse, at.line[0], at.line[1])
    colour, cover = stage(shown, _colour, of, at, alphas, rim, fields)
    image, seen = canvas
    x, y, window = at.start[0], at.start[1], cover.shape[0]
    old = jax.lax.dynamic_slice(image, (0, y, x), (3, window, window))
    old_seen = jax.lax.dynamic_slice(seen, (y, x), (window, window))
    image = jax.lax.dynamic_update_slice(image, old * (1 - cover) + colour, (0, y, x))
    return image, jax.lax.dynamic_update_slice(seen, old_seen * (1 - cover) + cover * target, (y, x))


def _cover(of: Thing, pose: Pose, at: Patch) -> tuple[list[jax.Array], jax.Array]:
    """How much each part covers each pixel, P times [n, n], and how far out in the body the pixel is, [n, n]."""
    x, y, inverse = at.line[0][None, :], at.line[1][:, None], at.inverse
    a, b, c = pose.bend
    v = inverse[1, 0] * x + inverse[1, 1] * y
    u = inverse[0, 0] * x + inverse[0, 1] * y + (a + c * v) * v * v
    v = v + b * u * u
    pixels = jnp.sqrt(jnp.abs(pose.matrix[0, 0] * pose.matrix[1, 1] - pose.matrix[0, 1] * pose.matrix[1, 0]))
    alphas, rim = [], jnp.zeros(())
    for part in range(PARTS):
        cosine, sine = jnp.cos(of.turn[part]) / of.half[part], jnp.sin(of.turn[part]) / of.half[part]
        du, dv = u - of.middle[part, 0], v - of.middle[part, 1]
        s, t = du * cosine[0] + dv * sine[0], dv * cosine[1] - du * sine[1]
        away = radius(s, t, of.corners[part])
        unit = jax.lax.rsqrt(s * s + t * t + 1e-6)
        out = away / bulges(s * unit, t * unit, of.wobble[part])
        rim = out if part == 0 else rim
        edge = pixels * jnp.min(of.half[part])
        alphas.append(jnp.clip((1 - out) * edge + 0.5, 0, 1) * of.there[part])
    return alphas, rim


def _colour(
    of: Thing, at: Patch, alphas: list[jax.Array], rim: jax.Array, fields: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Colour times cover [3, n, n] and cover [n, n]: later parts lie on earlier ones."""
    weight = jnp.clip(0.5 + of.sharpness * fields[0], 0, 1)
    light = of.light @ at.inverse
    shade = 1 + of.shading * fields[1] - of.rim * jnp.minimum(rim, 1.2) ** 2
    shade = jnp.maximum(shade + light[0] * at.line[0][None, :] + light[1] * at.line[1][:, None], 0.0)
    colour, cover = jnp.zeros((3, 1, 1)), jnp.zeros(())
    for part, alpha in enumerate(alphas):
        ground, figure = of.ground[part][:, None, None], of.figure[part][:, None, None]
        colour = colour * (1 - alpha) + (alpha * shade) * (ground + weight * (figure - ground))
        cover = cover + alpha - cover * alpha
    return colour, cover
