"""Cutting pairs out of kept patches, as `disk_cut.cut_pair` cuts them out of images; jitted code.

A patch shows a target and what is about it at the template's scale: one of its pixels is one pixel of a template that
is neither shifted nor scaled, and the target's centre is its middle. P is its rows and columns.
"""

from math import ceil

import jax
import jax.numpy as jnp

from drol_jax.image.boxes import exact_box_from_target
from drol_jax.train.pairs.disk_cut import CutSettings
from drol_jax.train.pairs.procedural.dice import Dice

DRAWS = 23
"""Values that `cut_rows` takes."""
_REACH = 7
"""Pixels that blur reaches, to each side."""


def patch_side(settings: CutSettings, exemplar: int, instance: int) -> int:
    """P: no cut of these sizes, wherever the settings may put it, reads past a patch."""
    template = ((exemplar - 1) / 2 + settings.template_shift) / (1 - settings.template_scale)
    search = ((instance - 1) / 2 + settings.shift) / (1 - settings.scale)
    # Odd as the search region is, or even: where that is not scaled, its pixels are the patch's, not mixtures of two.
    middle = (instance - 1) / 2 % 1
    return int(2 * (ceil(max(template, search) - middle) + middle)) + 1


def cut_rows(
    patches: jax.Array,
    sizes: jax.Array,
    first: jax.Array,
    second: jax.Array,
    dice: Dice,
    settings: CutSettings,
    exemplar: int,
    instance: int,
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """A pair of two patches.

    Args:
      patches: uint8 [K, P, P, 3].
      sizes: float32 [K, 2] (w, h) of their targets, patch pixels.
      first, second: int32 scalars in 0..K - 1, of the template and of the search region.
      dice: takes DRAWS values.

    Returns:
      (template uint8 [E, E, 3], search uint8 [S, S, 3], box float32 [4] (x, y, w, h) in `search`, pixels, centre =
      corner + (size - 1) / 2).
    """
    turns = dice.uniform(-1.0, 1.0, (6,))
    mirrored, grey, blurred = (dice.chance(share) for share in (settings.flip, settings.grey, settings.blur))
    to_template, smaller = settings.template_shift * turns[:2], 1 + settings.template_scale * turns[2]
    to_search, scale = settings.shift * turns[3:5], 1 + settings.scale * turns[5]

    template = _sampled(patches, first, to_template, smaller, mirrored, exemplar)
    search = _sampled(patches, second, to_search, scale, mirrored, instance)
    box = exact_box_from_target((instance - 1) / 2 + to_search, scale * sizes[second])
    box = box.at[0].set(jnp.where(mirrored, instance - box[0] - box[2], box[0]))

    template, search = _lit(template, dice, settings), _lit(search, dice, settings)
    kernel = _kernel(dice)
    search = jax.lax.cond(blurred, _blurred, lambda image, _: image, search, kernel)
    return _finished(template, grey), _finished(search, grey), box


def _sampled(
    patches: jax.Array, row: jax.Array, shift: jax.Array, scale: jax.Array, mirrored: jax.Array, out: int
) -> jax.Array:
    """Patch number `row` with its middle `shift` (x, y) pixels off the result's and `scale` times as large, then
    mirrored: float32 [out, out, 3], grey levels."""
    side = patches.shape[1]
    line = jnp.arange(out, dtype=jnp.float32) - (out - 1) / 2

    def taps(line: jax.Array, shift: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        place = (side - 1) / 2 + (line - shift) / scale
        low = jnp.floor(place)
        index = low.astype(jnp.int32)
        return jnp.clip(index, 0, side - 1), jnp.clip(index + 1, 0, side - 1), place - low

    left, right, share_x = taps(jnp.where(mirrored, -line, line), shift[0])
    upper, lower, share_y = taps(line, shift[1])
    share_x, share_y = share_x[None, :, None], share_y[:, None, None]

    def grey(y: jax.Array, x: jax.Array) -> jax.Array:
        # By three indices, not one: that of a pixel in all the patches may be past int32.
        return patches.at[row, y[:, None], x].get(mode="promise_in_bounds").astype(jnp.float32)

    above = grey(upper, left) * (1 - share_x) + grey(upper, right) * share_x
    below = grey(lower, left) * (1 - share_x) + grey(lower, right) * share_x
    return above * (1 - share_y) + below * share_y


def _lit(image: jax.Array, dice: Dice, settings: CutSettings) -> jax.Array:
    """Change the light: brightness, contrast about the mean, and each colour."""
    bright, contrast = 1 + settings.light * dice.uniform(-1.0, 1.0, (2,))
    tint = 1 + settings.tint * dice.uniform(-1.0, 1.0, (3,))
    mean = image.mean()
    return jnp.clip(((image - mean) * contrast + mean) * (bright * tint), 0, 255)


def _kernel(dice: Dice) -> jax.Array:
    """A line (motion) or a spot (focus), float32 [15, 15], sum 1."""
    moving, angle = dice.chance(0.5), dice.uniform(0.0, jnp.pi)
    length, sigma = dice.uniform(3.0, 14.0), dice.uniform(0.6, 2.2)
    line = jnp.arange(-_REACH, _REACH + 1, dtype=jnp.float32)
    y, x = jnp.meshgrid(line, line, indexing="ij")
    along, across = x * jnp.cos(angle) + y * jnp.sin(angle), y * jnp.cos(angle) - x * jnp.sin(angle)
    streak = jnp.clip(length / 2 + 0.5 - jnp.abs(along), 0, 1) * jnp.clip(1 - jnp.abs(across), 0, 1)
    kernel = jnp.where(moving, streak, jnp.exp(-(x**2 + y**2) / (2 * sigma**2)))
    return kernel / kernel.sum()


def _blurred(image: jax.Array, kernel: jax.Array) -> jax.Array:
    """Every channel [S, S] of float32 [S, S, 3] weighed by the kernel; the border goes on beyond itself."""
    side, _, channels = image.shape
    edge = (_REACH, _REACH)
    # In rows without channels a shift is one slice. One kernel row at a time: all 225 taps in one expression take a
    # compiler long, and each by itself passes over the whole batch.
    padded = jnp.pad(image, (edge, edge, (0, 0)), mode="edge").reshape(side + 2 * _REACH, -1)

    def add(total: jax.Array, row: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
        down, weights = row
        lines = jax.lax.dynamic_slice_in_dim(padded, down, side)
        for right in range(2 * _REACH + 1):
            total += weights[right] * lines[:, right * channels : (right + side) * channels]
        return total, None

    total, _ = jax.lax.scan(add, jnp.zeros((side, side * channels)), (jnp.arange(2 * _REACH + 1), kernel))
    return total.reshape(image.shape)


def _finished(image: jax.Array, grey: jax.Array) -> jax.Array:
    """uint8 [S, S, 3] of float32, without its colours where `grey`."""
    # Written out: as a product of matrices it would be rounded to few bits on a GPU.
    luma = 0.299 * image[..., :1] + 0.587 * image[..., 1:2] + 0.114 * image[..., 2:]
    return jnp.clip(jnp.round(jnp.where(grey, luma, image)), 0, 255).astype(jnp.uint8)
