"""Samples kept in bfloat16, and their products: what `response` has for samples in float32.

They take half the memory, and on a CPU with units for products of bfloat16 (AMX) a refit takes half the time. Channels
come first, pixels last, the order that those units are fed in. An array holds the bits as uint16, as XLA's CPU moves
bfloat16 by way of float32. What a sample is multiplied by is rounded to bfloat16 too; sums are in float32.

Letters: N samples, L rows and columns, D channels, k kernel size.
"""

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.online.response import places, shifted_maps, sum_of


def halves(features: jax.Array) -> jax.Array:
    """Features as they are kept: float32 [N, L, L, D] -> uint16 [D, N, L, L], rounded to the nearest."""
    return jax.lax.bitcast_convert_type(jnp.moveaxis(features, -1, 0).astype(jnp.bfloat16), jnp.uint16)


def floats(kept: jax.Array) -> jax.Array:
    """Features out of how they are kept: uint16 [D, N, L, L] -> float32 [N, L, L, D]."""
    return jnp.moveaxis(jax.lax.bitcast_convert_type(kept, jnp.bfloat16), 0, -1).astype(jnp.float32)


def opened(kept: jax.Array) -> jax.Array:
    """Samples as the products take them: uint16 [D, N, L, L] -> bfloat16 [D, N * L * L]."""
    return jax.lax.bitcast_convert_type(kept.reshape(len(kept), -1), jnp.bfloat16)


@partial(jax.jit, static_argnames="size", inline=True)
def respond(samples: jax.Array, filter: jax.Array, size: int) -> jax.Array:
    """`response.respond` of `opened` samples.

    Args:
      samples: bfloat16 [D, N * L * L].
      filter: float32 [k, k, D].
      size: L.

    Returns:
      float32 [N, L, L].
    """
    k = filter.shape[0]
    taps = filter.reshape(k * k, -1).astype(jnp.bfloat16)
    products = _product(taps, samples, 0).reshape(k * k, -1, size, size)
    if products.shape[1] < 3:
        return _summed(products)
    return jnp.concatenate([_summed(products[:, :1]), _summed_within(products), _summed(products[:, -1:])])


def _summed(products: jax.Array) -> jax.Array:
    """Products of every position with each tap, [k * k, N, L, L] -> the taps' sums [N, L, L]."""
    k, size = math.isqrt(len(products)), products.shape[-1]
    # Padded in one go: sixteen maps each by itself are as fast, and take a second more to compile.
    padded = jnp.pad(products, ((0, 0), (0, 0), *[(k // 2, k - 1 - k // 2)] * 2))
    return sum_of([padded[t, :, u : u + size, v : v + size] for t, (u, v) in enumerate(places(k))])


def _summed_within(products: jax.Array) -> jax.Array:
    """The same of all samples but the first and the last, [N - 2, L, L], which need not be padded.

    What a tap meets lies so many numbers on, if all maps are one row of numbers. Beyond a map's edge that is another
    row's, or another sample's, and is taken out. Padding, a copy of all products, takes a seventh of a refit.
    """
    k, (n, size) = math.isqrt(len(products)), products.shape[1:3]
    row, column = np.indices((size, size))
    products = products.reshape(len(products), -1)
    terms = []
    for t, (u, v) in enumerate(places(k)):
        down, right = u - k // 2, v - k // 2
        inside = (row + down >= 0) & (row + down < size) & (column + right >= 0) & (column + right < size)
        begin = size * (size + down) + right
        met = products[t, begin : begin + (n - 2) * size * size].reshape(n - 2, size, size)
        terms.append(met * inside.astype(products.dtype))
    return sum_of(terms)


@partial(jax.jit, static_argnums=2, inline=True)
def correlate(samples: jax.Array, maps: jax.Array, k: int) -> jax.Array:
    """`response.correlate` of `opened` samples.

    Args:
      samples: bfloat16 [D, N * L * L].
      maps: float32 [N, L, L].

    Returns:
      float32 [k, k, D].
    """
    bits = jax.lax.bitcast_convert_type(maps.astype(jnp.bfloat16), jnp.uint16)
    shifted = jax.lax.bitcast_convert_type(shifted_maps(_framed(bits, k), k), jnp.bfloat16)
    sums = _product(samples, shifted.reshape(k * k, -1), 1)
    # The other way round the product would take twice as long; behind the barrier it is not turned.
    return jax.lax.optimization_barrier(sums).T.reshape(k, k, -1)


def _framed(maps: jax.Array, k: int) -> jax.Array:
    """Maps [N, L, L] put among the zeros that the taps meet around them, [N, L + k - 1, L + k - 1].

    `jnp.pad` would be computed together with what makes the maps, an entry at a time, as each might be padding: a fifth
    of a refit of 60 samples. Written to a place that is known it would become padding again, hence the barrier. In
    float32 refits gain nothing by it.
    """
    n, size, _ = maps.shape
    place = jax.lax.optimization_barrier(jnp.int32(k - 1 - k // 2))
    frame = jnp.zeros((n, size + k - 1, size + k - 1), maps.dtype)
    return jax.lax.dynamic_update_slice(frame, maps, (jnp.int32(0), place, place))


def _product(a: jax.Array, b: jax.Array, axis: int) -> jax.Array:
    """The product of two matrices of bfloat16, summed in float32 over columns of `a` and `axis` of `b`."""
    return jax.lax.dot_general(
        a, b, (((1,), (axis,)), ((), ())), precision=jax.lax.Precision.DEFAULT, preferred_element_type=jnp.float32
    )
