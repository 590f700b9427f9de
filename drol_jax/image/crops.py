"""Frames on the device, and square patches cut out of them.

A patch follows the arithmetic of the reference to the bit: the square is cut at whole pixels, what lies outside the
image takes a fill colour, and the square is resized bilinearly in fixed point as `cv2.resize` does for uint8.
Everything but the output size is data, so one compiled crop serves every frame size, target size and position.

The published square is up to one and a half pixels off the point it is asked for, and its scale a little off the one
that displacements are read with. `centred_crop` cuts exactly what it is asked for.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from drol_jax.image.patches import Patch, Plan, cut

FIXED_POINT = 2048  # 11 fractional bits
SUMMABLE = 2**24  # bytes whose sum is sure to fit 32 bits


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Frame:
    """An image whose size is data."""

    pixels: jax.Array  # [N, 3] uint8 RGB, row-major; what lies before the first or behind the last is never read
    size: jax.Array  # int32 [2], (height, width)
    first: jax.Array | None = None  # int32 scalar: which of the pixels the image begins with; None: the first


def as_frame(frame) -> Frame:
    """Frame from itself or from a uint8 RGB image [H, W, 3], numpy or JAX."""
    if isinstance(frame, Frame):
        return frame
    if frame.ndim != 3 or frame.shape[-1] != 3 or frame.dtype != jnp.uint8:
        raise TypeError(f"a frame is uint8 RGB [H, W, 3], not {frame.dtype} {list(frame.shape)}")
    height, width, _ = frame.shape
    return Frame(jnp.asarray(frame).reshape(height * width, 3), jnp.array([height, width], jnp.int32))


def mean_colour(frame: Frame) -> jax.Array:
    """Mean over the image, uint8 [3], rounded down as the reference's cast does; exact in integers."""
    area = frame.size[0] * frame.size[1]
    place = jnp.arange(frame.pixels.shape[0], dtype=jnp.int32) - _first(frame)
    inside = (place >= 0) & (place < area)
    pixels = jnp.where(inside[:, None], frame.pixels, 0)
    if pixels.shape[0] <= SUMMABLE:
        total = jnp.sum(pixels, axis=0, dtype=jnp.uint32)
        return (total // area.astype(jnp.uint32)).astype(jnp.uint8)
    return _long_mean(pixels, area.astype(jnp.uint32)).astype(jnp.uint8)


def _first(frame: Frame) -> jax.Array | int:
    return 0 if frame.first is None else frame.first


def _long_mean(pixels: jax.Array, area: jax.Array) -> jax.Array:
    """Sum of uint8 [N, 3] over `area`, rounded down, uint32 [3]: where the sum has more than 32 digits."""
    pixels = jnp.pad(pixels, ((0, -len(pixels) % SUMMABLE), (0, 0)))
    parts = jnp.sum(pixels.reshape(-1, SUMMABLE, 3), axis=1, dtype=jnp.uint32)
    low = jnp.sum(parts & 255, axis=0)
    high = jnp.sum(parts >> 8, axis=0) + (low >> 8)
    mean, rest = jnp.divmod(high, area)
    for digit in range(7, -1, -1):  # long division brings down the last eight one by one
        rest = 2 * rest + (low >> digit & 1)
        fits = (rest >= area).astype(rest.dtype)
        mean, rest = 2 * mean + fits, rest - fits * area
    return mean


def crop(frame: Frame, centre: jax.Array, side: jax.Array, out: int, fill: jax.Array) -> jax.Array:
    """Square patch around a point, resized.

    Args:
      frame: the image.
      centre: float32 [2] (x, y), pixels.
      side: float32 scalar, side of the square in the image, pixels; its fraction moves the corner only.
      out: rows and columns of the result.
      fill: uint8 [3], colour outside the image.

    Returns:
      uint8 [out, out, 3].
    """
    return cut(_published(out))(frame, centre, side, fill)


def centred_crop(frame: Frame, centre: jax.Array, side: jax.Array, out: int, fill: jax.Array) -> jax.Array:
    """Square patch around a point, resized bilinearly, true to a fraction of a pixel.

    Pixel u of the patch, counted from 0, shows the image at centre + (u - (out - 1) / 2) * side / out: the patch's
    middle is the centre, its scale is out / side. Args and result as in `crop`, but for the side, which counts as it
    is.
    """
    return cut(_centred(out))(frame, centre, side, fill)


def _published(out: int) -> Plan:
    def plan(frame: Frame, centre: jax.Array, side: jax.Array, fill: jax.Array) -> Patch:
        height, width = frame.size[0], frame.size[1]
        corner = jnp.floor(centre - side / 2).astype(jnp.int32)
        cells = jnp.maximum(jnp.floor(side).astype(jnp.int32), 1)
        low, weights = _taps(cells, out)
        columns, column_weights = _columns(low, weights, cells)
        rows, row_weights = _rows(low, weights, cells)
        x = corner[0] + columns  # [2, out]
        inside_x, offset = (x >= 0) & (x < width), jnp.clip(x, 0, width - 1)
        grey = fill.astype(jnp.int32)

        def line(y: jax.Array) -> jax.Array:
            inside_y = (y >= 0) & (y < height)
            start = jnp.clip(y, 0, height - 1) * width + _first(frame)
            total = jnp.zeros((len(y), out, 3), jnp.int32)
            for tap in (0, 1):
                picked = frame.pixels.at[start[:, None] + offset[tap][None]].get(mode="promise_in_bounds")
                inside = inside_y[:, None] & inside_x[tap][None]
                values = jnp.where(inside[..., None], picked.astype(jnp.int32), grey[None, None])
                total += values * column_weights[tap][None, :, None]
            return (total >> 4).astype(jnp.int16)  # 16 / FIXED_POINT of a grey level: 255 take 15 bits

        def mix(upper: jax.Array, lower: jax.Array, weights: jax.Array) -> jax.Array:
            upper = (weights[0][:, None, None] * upper.astype(jnp.int32)) >> 16
            lower = (weights[1][:, None, None] * lower.astype(jnp.int32)) >> 16
            return ((upper + lower + 2) >> 2).astype(jnp.uint8)

        return Patch(corner[1] + rows, line, row_weights, mix)

    return plan


def _centred(out: int) -> Plan:
    def plan(frame: Frame, centre: jax.Array, side: jax.Array, fill: jax.Array) -> Patch:
        height, width = frame.size[0], frame.size[1]
        whole = jnp.floor(centre)
        # About the centre's whole pixel, so that float32 holds the fractions also far from the origin.
        along = (jnp.arange(out, dtype=jnp.float32) - (out - 1) / 2) * (side / out)
        place = (centre - whole)[:, None] + along[None]
        low = jnp.floor(place)
        share_x, share_y = place - low
        column, row = whole.astype(jnp.int32)[:, None] + low.astype(jnp.int32)

        def grey(y: jax.Array, x: jax.Array) -> jax.Array:
            inside = ((y >= 0) & (y < height))[:, None] & ((x >= 0) & (x < width))[None]
            start = jnp.clip(y, 0, height - 1) * width + _first(frame)
            flat = start[:, None] + jnp.clip(x, 0, width - 1)[None]
            picked = frame.pixels.at[flat].get(mode="promise_in_bounds")
            return jnp.where(inside[..., None], picked, fill[None, None]).astype(jnp.float32)

        def line(y: jax.Array) -> jax.Array:
            return grey(y, column) * (1 - share_x)[None, :, None] + grey(y, column + 1) * share_x[None, :, None]

        def mix(upper: jax.Array, lower: jax.Array, share: jax.Array) -> jax.Array:
            share = share[:, None, None]
            return jnp.round(upper * (1 - share) + lower * share).astype(jnp.uint8)

        return Patch(jnp.stack([row, row + 1]), line, share_y, mix)

    return plan


def _taps(cells: jax.Array, out: int) -> tuple[jax.Array, jax.Array]:
    """Lower tap int32 [out] and both taps' weights int32 [2, out] of every output position.

    The position p = (i + 1/2) * cells / out - 1/2 is a ratio of integers. OpenCV rounds it to float32, takes off
    its floor, and rounds the fraction to 1 / FIXED_POINT. Integers do the same here, both roundings half to even:
    compilers turn float divisions into products with a reciprocal, which moves one weight in a hundred.
    """
    divisor = 2 * out
    numerator = (2 * jnp.arange(out, dtype=jnp.int32) + 1) * cells - out
    low = _divide(numerator + divisor, divisor)[0] - 1  # nowhere below -1
    fraction = (numerator - low * divisor) * FIXED_POINT
    whole, rest = _divide(fraction, divisor)
    # float32 keeps 23 bits behind the leading one: 12 - exponent of them behind the FIXED_POINT digits.
    exponent = 31 - jax.lax.clz(jnp.maximum(low, 1))
    behind = jnp.maximum(12 - exponent, 1)
    rest = _round_divide(rest << behind, divisor)
    half = 1 << (behind - 1)
    upper = whole + jnp.where(rest == half, whole & 1, (rest > half).astype(whole.dtype))
    # Further out it keeps fewer bits than FIXED_POINT has.
    step = 1 << jnp.maximum(exponent - 12, 0)
    coarse = step * _round_divide(fraction, divisor * step)
    upper = jnp.where(exponent < 12, upper, coarse)
    return low, jnp.stack([FIXED_POINT - upper, upper]).astype(jnp.int32)


def _divide(a: jax.Array, b: int | jax.Array) -> tuple[jax.Array, jax.Array]:
    """Quotient and rest of int32 a >= 0 and b > 0. `jnp.divmod` looks at signs, and compiles for twice as long."""
    quotient = jax.lax.div(a, jnp.broadcast_to(jnp.asarray(b, a.dtype), a.shape))
    return quotient, a - quotient * b


def _round_divide(a: jax.Array, b: int | jax.Array) -> jax.Array:
    """a / b rounded half to even, for a >= 0."""
    quotient, rest = _divide(a, b)
    return quotient + (2 * rest + (quotient & 1) > b).astype(quotient.dtype)


def _columns(low: jax.Array, weights: jax.Array, cells: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Beyond the border a column is the border's, alone."""
    weights = jnp.where(((low < 0) | (low >= cells - 1))[None], jnp.array([[FIXED_POINT], [0]]), weights)
    return jnp.clip(jnp.stack([low, low + 1]), 0, cells - 1), weights


def _rows(low: jax.Array, weights: jax.Array, cells: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Beyond the border a row is mixed with itself by the unclamped weights, which rounds differently."""
    return jnp.clip(jnp.stack([low, low + 1]), 0, cells - 1), weights
