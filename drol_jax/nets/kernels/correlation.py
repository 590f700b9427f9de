"""Cross-correlation of a search feature with a template feature used as kernel.

Written as one product per kernel tap, or one matrix product for all taps followed by shifted sums: on CPUs both
beat the grouped convolution that the textbook form lowers to, `vmap` over lanes stays a plain batched product, and
symbolic-batch export works.

Letters: B batch, H W search rows and columns, h w kernel rows and columns, C channels, O outputs.
All correlations are "valid": the result has H - h + 1 rows and W - w + 1 columns. They sum up in float32, and hand
that on, whatever they are given: sums in bfloat16 lose digits that maxima are told apart by.
"""

import jax
import jax.numpy as jnp


def depthwise(search: jax.Array, kernel: jax.Array) -> jax.Array:
    """Channel-wise correlation (SiamRPN++).

    Args:
      search: [B, H, W, C].
      kernel: [B, h, w, C], or [1, h, w, C] for one template and many search regions.

    Returns:
      [B, H - h + 1, W - w + 1, C], channel c from channel c of both.
    """
    search, kernel = search.astype(jnp.float32), kernel.astype(jnp.float32)
    h, w = kernel.shape[1:3]
    rows, columns = search.shape[1] - h + 1, search.shape[2] - w + 1
    total = None
    for u in range(h):
        for v in range(w):
            tap = search[:, u : u + rows, v : v + columns] * kernel[:, u, None, None, v]
            total = tap if total is None else total + tap
    assert total is not None
    return total


def pixelwise(search: jax.Array, kernel: jax.Array) -> jax.Array:
    """Every search position with every template position: the template's cells become channels (NanoTrack).

    Args:
      search: [B, H, W, C].
      kernel: [B, h, w, C], or [1, h, w, C].

    Returns:
      [B, H, W, h * w], template cells in row-major order.
    """
    b, height, width, c = search.shape
    cells = kernel.reshape(kernel.shape[0], -1, c).swapaxes(1, 2)
    products = jnp.matmul(search.reshape(b, height * width, c), cells, preferred_element_type=jnp.float32)
    return products.reshape(b, height, width, -1)


def cross(search: jax.Array, kernel: jax.Array) -> jax.Array:
    """Correlation summed over the channels: SiamFC's (O = 1) and SiamRPN's up-channel one.

    Args:
      search: [B, H, W, C].
      kernel: [B, h, w, C, O], or [1, h, w, C, O].

    Returns:
      [B, H - h + 1, W - w + 1, O].
    """
    b, height, width, c = search.shape
    bk, h, w, _, o = kernel.shape
    taps = kernel.transpose(0, 3, 1, 2, 4).reshape(bk, c, h * w * o)
    products = jnp.matmul(search.reshape(b, height * width, c), taps, preferred_element_type=jnp.float32)
    return shifted_sum(products.reshape(b, height, width, h, w, o))


def shifted_sum(products: jax.Array) -> jax.Array:
    """Sum products[..., i + u, j + v, u, v, o] over the taps (u, v).

    Args:
      products: [B, H, W, h, w, O], every position's product with every tap.

    Returns:
      [B, H - h + 1, W - w + 1, O].
    """
    _, height, width, h, w, _ = products.shape
    rows, columns = height - h + 1, width - w + 1
    total = None
    for u in range(h):
        for v in range(w):
            tap = products[:, u : u + rows, v : v + columns, u, v]
            total = tap if total is None else total + tap
    assert total is not None
    return total
