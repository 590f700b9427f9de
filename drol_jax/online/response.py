"""The filter's response to samples, its transpose, and the rectifier behind it.

Letters: N samples, L rows and columns, D channels, k kernel size.
"""

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp

from drol_jax.system.compiling import float32_products

LEAK = 0.05  # lower bound of the rectified response


@partial(jax.jit, inline=True)  # traced once for each shape: a refit has it three times, in each of its forms
def respond(features: jax.Array, filter: jax.Array) -> jax.Array:
    """Response of the filter, zero-padded to the features' size.

    Args:
      features: [N, L, L, D].
      filter: [k, k, D].

    Returns:
      [N, L, L]; out[i, j] = sum_uv features[i - k//2 + u, j - k//2 + v] . filter[u, v].
    """
    k, _, d = filter.shape
    n, size = features.shape[:2]

    def pixels_first(features, taps):
        # Padded once and summed up in one go: here every small operation has its price.
        products = jnp.pad(features @ taps.T, ((0, 0), *[(k // 2, k - 1 - k // 2)] * 2, (0, 0)))
        return sum_of([products[:, u : u + size, v : v + size, t] for t, (u, v) in enumerate(places(k))])

    def taps_first(features, taps):
        # Of each tap a map beside those of all samples, as the product leaves them.
        pixels = features.reshape(n, -1, d)
        products = jnp.einsum("kc,npc->knp", taps, pixels, precision=float32_products())
        return gather_taps(jnp.unstack(products.reshape(k * k, n, size, size)), k)

    return jax.lax.platform_dependent(features, filter.reshape(k * k, d), cpu=pixels_first, default=taps_first)


def gather_taps(products: Sequence[jax.Array], k: int) -> jax.Array:
    """[N, L, L] products of every position with each of k * k taps -> [N, L, L]."""
    size = products[0].shape[1]
    before, after = k // 2, k - 1 - k // 2
    around = ((0, 0), (before, after), (before, after))
    return sum_of(
        [
            jnp.pad(product, around)[:, u : u + size, v : v + size]
            for product, (u, v) in zip(products, places(k), strict=True)
        ]
    )


def gather_taps_by_turns(products: jax.Array, k: int) -> jax.Array:
    """`gather_taps` of an array [N, k * k, L, L], which may be differentiated: [N, L, L].

    Rows are moved first, all columns' taps together, then columns. That is half the operations, and their transpose is
    two copies in place of k * k + 1.
    """
    size, before, after = products.shape[-1], k // 2, k - 1 - k // 2

    def moved(x, axis, by):
        ends = [(before, after) if i == axis else (0, 0) for i in range(x.ndim)]
        return jax.lax.slice_in_dim(jnp.pad(x, ends), by, by + size, axis=axis)

    rows = sum_of([moved(part, 2, u) for u, part in enumerate(jnp.split(products, k, axis=1))])
    return sum_of([moved(part, 3, v) for v, part in enumerate(jnp.split(rows, k, axis=1))])[:, 0]


def places(k: int) -> list[tuple[int, int]]:
    """Row and column of every tap."""
    return [(u, v) for u in range(k) for v in range(k)]


def sum_of(terms: Sequence[jax.Array]) -> jax.Array:
    """The sum, without a zero that it begins with."""
    return sum(terms[1:], terms[0])


@partial(jax.jit, static_argnums=2, inline=True)  # as `respond`
def correlate(features: jax.Array, maps: jax.Array, k: int) -> jax.Array:
    """Transpose of `respond` in the filter.

    Args:
      features: [N, L, L, D].
      maps: [N, L, L].

    Returns:
      [k, k, D]; out[u, v] = sum_nij maps[n, i, j] features[n, i - k//2 + u, j - k//2 + v].
    """
    n, size, _, d = features.shape

    def at_once(features, maps):
        # One product a sample: a GPU's processors share the samples, and one sum of all would be cut into parts for
        # them, with copies of the features that fit the parts.
        padded = _padded(maps, k)
        shifted = jnp.stack([padded[:, u : u + size, v : v + size] for u, v in reversed(places(k))], axis=1)
        shifted, pixels = shifted.reshape(n, k * k, -1), features.reshape(n, -1, d)
        return jnp.sum(jnp.einsum("nkp,npc->nkc", shifted, pixels, precision=float32_products()), axis=0)

    def by_turns(features, maps):
        return shifted_maps(_padded(maps, k), k).reshape(k * k, -1) @ features.reshape(-1, d)

    return jax.lax.platform_dependent(features, maps, cpu=by_turns, default=at_once).reshape(k, k, d)


def shifted_maps(padded: jax.Array, k: int) -> jax.Array:
    """Maps padded to [N, L + k - 1, L + k - 1] -> [k * k, N, L, L], for each tap as they meet the samples."""
    size = padded.shape[1] - k + 1
    # By turns: half the operations, of which a CPU with several cores minds the number.
    columns = jnp.stack([padded[:, :, v : v + size] for v in reversed(range(k))])
    return jnp.concatenate([columns[:, :, u : u + size] for u in reversed(range(k))])


def _padded(maps: jax.Array, k: int) -> jax.Array:
    """Maps [N, L, L] with the zeros around them that `correlate` meets."""
    before, after = k // 2, k - 1 - k // 2
    return jnp.pad(maps, ((0, 0), (after, before), (after, before)))


def rectify(response: jax.Array) -> jax.Array:
    """phi: identity above zero, LEAK (exp(x / LEAK) - 1) below."""
    return jnp.where(response >= 0, response, LEAK * jnp.expm1(jnp.minimum(response, 0) / LEAK))


def rectify_slope(response: jax.Array) -> jax.Array:
    """Derivative of `rectify`: one above zero, exp(x / LEAK) below."""
    return jnp.exp(jnp.minimum(response, 0) / LEAK)
