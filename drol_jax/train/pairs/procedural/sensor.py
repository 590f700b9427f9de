"""The way from light to an image: tone, blur, few pixels, noise, compression, the image's border.

Images are float32 [3, N, N], 0..1, until `developed` makes bytes of them. What is rare runs under `lax.cond`, so that
most pairs do not pay for it.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.train.pairs.procedural.dice import Dice
from drol_jax.train.pairs.procedural.scenery import scrambled
from drol_jax.train.pairs.procedural.settings import ProceduralSettings
from drol_jax.train.pairs.procedural.stages import stage

TAPS = 9
_REACH = 8  # pixels, farthest tap
_FEWEST = 2.2  # pixels of the image per pixel of the sensor, at least, where the image is coarse

# JPEG's steps for brightness at quality 50 (ITU-T T.81, annex K); those for colour are near a formula.
_LUMA = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    np.float32,
)
_CHROMA = np.minimum(99, 17 + 6.0 * np.add.outer(np.arange(8), np.arange(8)) ** 1.3).astype(np.float32)
_TO_YCC = np.array([[0.299, 0.587, 0.114], [-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]], np.float32)
_TO_RGB = np.linalg.inv(_TO_YCC).astype(np.float32)


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Camera:
    """What one image is taken with."""

    gain: jax.Array  # float32 [3] factor on red, green, blue
    curve: jax.Array  # float32 () -0.5..0.5, lifts or lowers the middle tones
    floor: jax.Array  # float32 () added
    dim: jax.Array  # float32 [2] (x, y) brightness lost towards a side, of all
    vignette: jax.Array  # float32 () brightness lost in the corners
    grey: jax.Array  # bool ()
    blurred: jax.Array  # bool ()
    taps: jax.Array  # int32 [TAPS, 2] (x, y) pixels that a pixel's light comes from
    weights: jax.Array  # float32 [TAPS]
    coarse: jax.Array  # bool ()
    pitch: jax.Array  # float32 () pixels per pixel of the sensor, where it is coarse
    noise: jax.Array  # float32 [2] standard deviation of brightness and of each colour
    seed: jax.Array  # uint32 ()
    compressed: jax.Array  # bool ()
    quality: jax.Array  # float32 () factor on the quantisation of JPEG at quality 50
    border: jax.Array  # float32 [4] (left, top, right, bottom) first and last pixel inside the image


def cameras(dice: Dice, settings: ProceduralSettings) -> tuple[Camera, Camera]:
    """Cameras of the template and of the search region: one camera, in other light. Borders are far away."""
    grey, coarse, compressed = (dice.chance(p) for p in (settings.grey, settings.coarse, settings.compressed))
    pitch, quality = dice.uniform(_FEWEST, 5.0), 0.5 * 6 ** dice.uniform()
    noise = settings.noise * dice.uniform() ** 2 * jnp.stack([jnp.ones(()), dice.uniform(0.0, 0.7)])
    vignette = dice.uniform(0.0, 0.4) * dice.chance(0.2)
    curve, exposure = dice.uniform(-0.4, 0.4), dice.uniform(0.7, 1.2)

    def one(change: float) -> Camera:
        taps, weights = _kernel(dice)
        swing = 1 + change * settings.light * dice.uniform(-1.0, 1.0)
        return Camera(
            gain=exposure * swing * (1 + change * settings.tint * dice.uniform(-1.0, 1.0, (3,))),
            curve=jnp.clip(curve + change * settings.light * dice.uniform(-1.0, 1.0), -0.6, 0.6),
            floor=0.12 * dice.uniform() * dice.chance(0.25) * change,
            dim=change * dice.about(0.25, (2,)) * dice.chance(0.3),
            vignette=vignette,
            grey=grey,
            blurred=dice.chance(settings.blur),
            taps=taps,
            weights=weights,
            coarse=coarse,
            pitch=pitch,
            noise=noise,
            seed=(dice.uniform() * 2**24).astype(jnp.uint32),
            compressed=compressed,
            quality=quality,
            border=jnp.array([-1e6, -1e6, 1e6, 1e6]),
        )

    return one(0.0), one(1.0)


def _kernel(dice: Dice) -> tuple[jax.Array, jax.Array]:
    """A line of pixels (motion) or a spot of them (focus)."""
    angle, length = dice.uniform(0.0, 3.1416), dice.uniform(2.0, 2.0 * _REACH)
    along = jnp.linspace(-0.5, 0.5, TAPS)[:, None] * length * jnp.stack([jnp.cos(angle), jnp.sin(angle)])
    grid = jnp.stack(jnp.meshgrid(jnp.arange(-1, 2), jnp.arange(-1, 2)), axis=-1).reshape(-1, 2)
    spacing = 1 + dice.chance(0.35).astype(jnp.int32)
    moving = dice.chance(0.45)
    spot = jnp.exp(-jnp.sum(grid**2, axis=-1) * dice.uniform(0.2, 1.0))
    taps = jnp.where(moving, jnp.round(along).astype(jnp.int32), spacing * grid)
    return taps, jnp.where(moving, 1 / TAPS, spot / jnp.sum(spot))


def developed(image: jax.Array, camera: Camera) -> jax.Array:
    """The image, uint8 [N, N, 3]."""
    on = camera.pitch > 0
    image = stage(on, _toned, image, camera)
    image = jax.lax.cond(camera.blurred, _smeared, _same, image, camera)
    image = jax.lax.cond(camera.coarse, _resampled, _same, image, camera)
    image = stage(on, _noisy, image, camera, stage(on, _grain, camera, image))
    image = jax.lax.cond(camera.compressed, compressed, _same, image, camera)
    image = jax.lax.cond(camera.grey, _greyed, _same, image, camera)
    levels = stage(on, lambda image: jnp.round(255 * jnp.clip(image, 0, 1)).astype(jnp.uint8), image)
    levels = jax.lax.cond(jnp.any(jnp.abs(camera.border) < 1e5), _bordered, _same, levels, camera)
    return jnp.transpose(levels, (1, 2, 0))


def _same(image: jax.Array, _: Camera) -> jax.Array:
    return image


def _greyed(image: jax.Array, _: Camera) -> jax.Array:
    red, green, blue = _TO_YCC[0]
    return jnp.broadcast_to(red * image[0] + green * image[1] + blue * image[2], image.shape)


def _toned(image: jax.Array, camera: Camera) -> jax.Array:
    side = image.shape[-1]
    line = jnp.linspace(-1.0, 1.0, side)
    strength = 1 + camera.dim[0] * line[None, :] + camera.dim[1] * line[:, None]
    strength = strength - camera.vignette * (line[None, :] ** 2 + line[:, None] ** 2) / 2
    image = jnp.clip(image * strength * camera.gain[:, None, None], 0, 1)
    return camera.floor + (1 - camera.floor) * image * (1 + camera.curve * (1 - image))


def _smeared(image: jax.Array, camera: Camera) -> jax.Array:
    side = image.shape[-1]
    wide = jnp.pad(image, ((0, 0), (_REACH, _REACH), (_REACH, _REACH)), mode="edge")
    total = jnp.zeros_like(image)
    for tap in range(TAPS):
        x, y = camera.taps[tap] + _REACH
        total = total + camera.weights[tap] * jax.lax.dynamic_slice(wide, (0, y, x), (3, side, side))
    return total


def _resampled(image: jax.Array, camera: Camera) -> jax.Array:
    """Down to pixels `camera.pitch` times as large, each the mean of what it sees, and up again linearly."""
    side = image.shape[-1]
    cells = int(np.ceil(side / _FEWEST)) + 1
    away = jnp.arange(side)[:, None] / camera.pitch - jnp.arange(cells)
    spread = jnp.maximum(1 - jnp.abs(away), 0)
    gather = spread.T / jnp.maximum(jnp.sum(spread.T, axis=1, keepdims=True), 1e-6)
    return _both_sides(spread, _both_sides(gather, image))


def _both_sides(matrix: jax.Array, image: jax.Array) -> jax.Array:
    return jnp.einsum("yh,chw,xw->cyx", matrix, image, matrix)


def _grain(camera: Camera, image: jax.Array) -> list[jax.Array]:
    """Three fields of noise [N, N], standard deviation 1: the first nearly bell-shaped, the others even."""
    side = image.shape[-1]
    number = jnp.arange(side, dtype=jnp.uint32)
    bits = scrambled(number[:, None] * jnp.uint32(side) + number + camera.seed * jnp.uint32(0x9E3779B1))
    a, b, c, d = (((bits >> (8 * k)) & 255).astype(jnp.float32) - 127.5 for k in range(4))
    return [(a + b) / 104, c / 74, d / 74]


def _noisy(image: jax.Array, camera: Camera, grain: list[jax.Array]) -> jax.Array:
    bright = camera.noise[0] * grain[0]
    first, second = camera.noise[1] * grain[1], camera.noise[1] * grain[2]
    return image + bright + jnp.stack([first, -0.5 * (first + second), second])


def compressed(image: jax.Array, camera: Camera) -> jax.Array:
    """The image after JPEG compression: 8 x 8 cosine transform, quantised, and back."""
    side = image.shape[-1]
    blocks = -(-side // 8)
    extra = 8 * blocks - side
    planes = jnp.pad(jnp.einsum("dc,chw->dhw", _TO_YCC, image), ((0, 0), (0, extra), (0, extra)), mode="edge")
    k, n = np.arange(8)[:, None], np.arange(8)
    cosine = np.cos(np.pi * k * (2 * n + 1) / 16) * np.where(k == 0, np.sqrt(1 / 8), np.sqrt(1 / 4))
    cosine = jnp.asarray(cosine.astype(np.float32))
    tiles = planes.reshape(3, blocks, 8, blocks, 8)
    waves = jnp.einsum("ui,caibj,vj->caubv", cosine, tiles, cosine)
    steps = jnp.stack([_LUMA, _CHROMA, _CHROMA])[:, None, :, None, :] * (camera.quality / 255)
    waves = jnp.round(waves / steps) * steps
    planes = jnp.einsum("ui,caubv,vj->caibj", cosine, waves, cosine).reshape(3, 8 * blocks, 8 * blocks)
    return jnp.einsum("dc,chw->dhw", _TO_RGB, planes[:, :side, :side])


def _bordered(levels: jax.Array, camera: Camera) -> jax.Array:
    """Outside the border the mean of what is inside, rounded down, as trackers fill; uint8 [3, N, N]."""
    line, border = jnp.arange(levels.shape[-1], dtype=jnp.float32), camera.border
    across = ((line >= border[0]) & (line <= border[2])).astype(jnp.float32)
    down = ((line >= border[1]) & (line <= border[3])).astype(jnp.float32)
    inside = down[:, None] * across
    total = jnp.einsum("chw,h,w->c", levels.astype(jnp.float32), down, across)
    mean = jnp.floor(total / jnp.maximum(jnp.sum(inside), 1)).astype(jnp.uint8)
    return jnp.where(inside > 0, levels, mean[:, None, None])
