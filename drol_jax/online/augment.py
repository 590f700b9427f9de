"""Training images of the first frame (paper, section 3.2: the subnet is fitted to one annotated frame).

From one 2S x 2S crop around the target, the identity and its translated, flipped, blurred and rotated versions,
each cut to S x S about a shifted middle. The list and all parameters are in `OnlineConfig`; the random part, the
shifts, is an argument.

Letters: I images, S search size (pixels), L feature cells, C channels, K copies with dropped channels.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.config import OnlineConfig
from drol_jax.errors import UserError


def shifts(draws_shifts: jax.Array, online: OnlineConfig, S: int) -> jax.Array:
    """Shift of the content of every training image.

    Args:
      draws_shifts: int32 [online.shifted_samples, 2] (rows, columns), pixels: the random shifts of flip, blurs and
        rotations, in the order of the images.
      online: the translations are taken from here.
      S: search size, pixels.

    Returns:
      int32 [I, 2] (rows, columns), pixels of the S x S image, positive = down and right. The identity is not
      shifted; translations are `trunc(t * S / 2)`.
    """
    # float32, as the published tracker computes it: truncation makes a rounding error a whole pixel.
    fixed = np.trunc(np.asarray(online.translations, np.float32).reshape(-1, 2) * np.float32(S) / 2).astype(np.int32)
    identity = np.zeros((1, 2), np.int32)
    return jnp.concatenate([jnp.asarray(identity), jnp.asarray(fixed), jnp.asarray(draws_shifts, jnp.int32)])


def augment(crop: jax.Array, shifts: jax.Array, online: OnlineConfig, S: int) -> jax.Array:
    """The first frame's training images.

    Args:
      crop: uint8 [2S, 2S, 3], twice the search region, the target in the middle.
      shifts: int32 [I, 2] (rows, columns) from `shifts`, traced. None may be larger than S // 2.
      online: the transforms, static.
      S: search size, pixels, static.

    Returns:
      float32 [I, S, S, 3], grey levels 0..255: identity, translations, horizontal flip, Gaussian blurs (zero
      padding, radius ceil(2 sigma)), rotations (about the crop's middle, bilinear, border replicated).
      Without shift, row i of an image is row i + ceil(S / 2) of the transformed crop; columns likewise.
    """
    _check(crop, shifts, online, S)
    start = -(-S // 2) - shifts
    first_blur = 1 + len(online.translations) + online.flip
    first_rotation = first_blur + len(online.blurs)

    images = [_window(crop, corner, S).astype(jnp.float32) for corner in start[: first_blur - online.flip]]
    if online.flip:
        images.append(_window(crop[:, ::-1], start[first_blur - 1], S).astype(jnp.float32))
    parts = [jnp.stack(images)]
    if online.blurs:
        parts.append(_blurred(crop, start[first_blur:first_rotation], online.blurs, S))
    if online.rotations:
        parts.append(_rotated(crop, start[first_rotation:], online.rotations, S))
    return jnp.concatenate(parts)


def channel_dropout(feature: jax.Array, keep: jax.Array, rate: float) -> jax.Array:
    """Copies of one sample with whole channels dropped.

    Args:
      feature: float32 [L, L, C].
      keep: bool [K, C], True with probability 1 - rate.
      rate: share of channels dropped.

    Returns:
      float32 [K, L, L, C]; kept channels are scaled by 1 / (1 - rate).
    """
    gain = keep.astype(feature.dtype) / (1 - rate)
    return feature[None] * gain[:, None, None, :]


def _check(crop: jax.Array, shifts: jax.Array, online: OnlineConfig, S: int) -> None:
    if crop.shape != (2 * S, 2 * S, 3):
        raise ValueError(f"crop has shape {crop.shape}, not {(2 * S, 2 * S, 3)}")
    if shifts.shape != (online.image_samples, 2):
        raise ValueError(f"shifts have shape {shifts.shape}, not {(online.image_samples, 2)}")
    reach = max([abs(t) for pair in online.translations for t in pair] + [abs(online.random_shift)])
    if reach > 1:
        raise UserError(
            f"online translations and random_shift reach {reach} > 1 and would leave the first frame's crop; "
            "keep both within [-1, 1]"
        )


def _window(image: jax.Array, corner: jax.Array, size: int) -> jax.Array:
    """[size, size, 3] of `image` from row and column `corner` int32 [2]."""
    return jax.lax.dynamic_slice(image, (corner[0], corner[1], jnp.zeros_like(corner[0])), (size, size, 3))


def _taps(sigmas: tuple[float, ...], radius: int) -> np.ndarray:
    """Gaussian kernels float32 [len(sigmas), 2 radius + 1], each zero beyond its own ceil(2 sigma), sum 1."""
    offset = np.arange(-radius, radius + 1)
    sigma = np.asarray(sigmas, np.float64)[:, None]
    taps = np.where(np.abs(offset) <= np.ceil(2 * sigma), np.exp(-(offset**2) / (2 * sigma**2)), 0)
    return (taps / taps.sum(axis=1, keepdims=True)).astype(np.float32)


def _blurred(crop: jax.Array, start: jax.Array, blurs: tuple[tuple[float, float], ...], S: int) -> jax.Array:
    """float32 [B, S, S, 3]: the B blurred crops, each only where its window `start` [B, 2] needs it."""
    # One radius for all blurs, so that they are one batch of products; the surplus taps are zero.
    radius = math.ceil(2 * max(max(pair) for pair in blurs))
    across_rows = _banded(_taps(tuple(pair[0] for pair in blurs), radius), S)
    across_columns = _banded(_taps(tuple(pair[1] for pair in blurs), radius), S)
    padded = jnp.pad(crop, ((radius, radius), (radius, radius), (0, 0)))
    windows = jax.vmap(lambda corner: _window(padded, corner, S + 2 * radius))(start).astype(jnp.float32)
    # Products of matrices: sums of shifted windows fuse, and then each pixel sums up span x span of them.
    return jnp.einsum("bjv,bivc->bijc", across_columns, jnp.einsum("biu,buvc->bivc", across_rows, windows))


def _banded(taps: np.ndarray, size: int) -> jax.Array:
    """[B, span] taps -> [B, size, size + span - 1], whose product with a line is its convolution."""
    span = taps.shape[1]
    place = jnp.arange(size + span - 1)[None] - jnp.arange(size)[:, None]
    inside = (place >= 0) & (place < span)
    return jnp.where(inside[None], jnp.asarray(taps)[:, jnp.clip(place, 0, span - 1)], 0)


def _rotated(crop: jax.Array, start: jax.Array, degrees: tuple[float, ...], S: int) -> jax.Array:
    """float32 [R, S, S, 3]: the R rotated crops, each only in its window `start` [R, 2]."""
    last = 2 * S - 1
    centre = last / 2
    radians = np.deg2rad(np.asarray(degrees, np.float64))
    colours = crop.reshape(-1, 3)

    def one(corner, cosine, sine):
        # Coordinates about the centre keep the float32 products small.
        y = (corner[0] + jnp.arange(S, dtype=jnp.int32)).astype(jnp.float32)[:, None] - centre
        x = (corner[1] + jnp.arange(S, dtype=jnp.int32)).astype(jnp.float32)[None, :] - centre
        row = jnp.clip(sine * x + cosine * y + centre, 0, last)
        column = jnp.clip(cosine * x - sine * y + centre, 0, last)
        top, left = jnp.floor(row), jnp.floor(column)
        down, right = (row - top)[..., None], (column - left)[..., None]
        top, left = top.astype(jnp.int32), left.astype(jnp.int32)
        bottom, far = jnp.minimum(top + 1, last), jnp.minimum(left + 1, last)

        def grey(i, j):
            return colours.at[i * (last + 1) + j].get(mode="promise_in_bounds").astype(jnp.float32)

        above = grey(top, left) * (1 - right) + grey(top, far) * right
        below = grey(bottom, left) * (1 - right) + grey(bottom, far) * right
        return above * (1 - down) + below * down

    cosine, sine = (jnp.asarray(f(radians).astype(np.float32)) for f in (np.cos, np.sin))
    return jax.vmap(one)(start, cosine, sine)
