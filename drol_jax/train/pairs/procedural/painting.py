"""Objects onto a picture.

A canvas is float32 [4, N, N]: red, green, blue 0..1, and how much of the target is seen. An object touches only a
square window of it.
"""

import jax
import jax.numpy as jnp

from drol_jax.train.pairs.procedural.poses import Pose
from drol_jax.train.pairs.procedural.things import PARTS, Thing, bulges, radius
from drol_jax.train.pairs.procedural.waves import render


def paint(canvas: jax.Array, of: Thing, pose: Pose, middle: jax.Array, target: jax.Array, window: int) -> jax.Array:
    """The canvas with an object in front.

    Args:
      canvas: float32 [4, N, N].
      middle: float32 [2] (x, y), pixels, middle of the object's box.
      target: float32 (), 1 where it is the target; anything else hides the target.
      window: side of the square about the middle, inside the canvas, that is painted, static, <= N.
    """
    side = canvas.shape[1]
    start = jnp.clip(jnp.round(middle).astype(jnp.int32) - window // 2, 0, side - window)
    line = jnp.arange(window) + start[:, None] - pose.centre[:, None]
    inverse = _inverse(pose.matrix)
    alphas, rim = _cover(of, pose, inverse, line[0][None, :], line[1][:, None])
    fields = render(of.waves, inverse, line[0], line[1])
    colour, cover = _colour(of, alphas, rim, fields, inverse, line)
    old = jax.lax.dynamic_slice(canvas, (0, start[1], start[0]), (4, window, window))
    new = jnp.concatenate([colour, (cover * target)[None]])
    return jax.lax.dynamic_update_slice(canvas, old * (1 - cover) + new, (0, start[1], start[0]))


def _inverse(matrix: jax.Array) -> jax.Array:
    (a, b), (c, d) = matrix
    return jnp.stack([jnp.stack([d, -b]), jnp.stack([-c, a])]) / (a * d - b * c)


def _cover(of: Thing, pose: Pose, inverse: jax.Array, x: jax.Array, y: jax.Array) -> tuple[list[jax.Array], jax.Array]:
    """How much each part covers each pixel, P times [n, n], and how far out in the body the pixel is, [n, n]."""
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
    of: Thing, alphas: list[jax.Array], rim: jax.Array, fields: jax.Array, inverse: jax.Array, line: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Colour times cover [3, n, n] and cover [n, n]: later parts lie on earlier ones."""
    weight = jnp.clip(0.5 + of.sharpness * fields[0], 0, 1)
    light = of.light @ inverse
    shade = 1 + of.shading * fields[1] - of.rim * jnp.minimum(rim, 1.2) ** 2
    shade = jnp.maximum(shade + light[0] * line[0][None, :] + light[1] * line[1][:, None], 0.0)
    colour, cover = jnp.zeros((3, 1, 1)), jnp.zeros(())
    for part, alpha in enumerate(alphas):
        ground, figure = of.ground[part][:, None, None], of.figure[part][:, None, None]
        colour = colour * (1 - alpha) + (alpha * shade) * (ground + weight * (figure - ground))
        cover = cover + alpha - cover * alpha
    return colour, cover
