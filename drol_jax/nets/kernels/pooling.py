"""Pooling in forms that compilers handle well; same numbers as the plain forms, but for rounding."""

import jax
import jax.numpy as jnp

from drol_jax.nets.kernels.windows import every


def max_pool(x: jax.Array) -> jax.Array:
    """3x3 maximum with stride 2, unpadded: [B, H, W, C] -> [B, (H - 1) // 2, (W - 1) // 2, C].

    As strided slices, which fuse, first over rows and then over columns (3.3 ms against 0.5 ms for 139x139x96).
    """

    def along(x, axis):
        count = (x.shape[axis] - 3) // 2 + 1
        parts = [every(x, i, count, 2, axis) for i in range(3)]
        return jnp.maximum(jnp.maximum(parts[0], parts[1]), parts[2])

    return along(along(x, 1), 2)


def mean_of_map(x: jax.Array) -> jax.Array:
    """Mean over rows and columns: [B, H, W, C] -> [B, C].

    On the CPU one image's is a product with a row of ones: 16x16x240 takes 20 us so, and 44 as a sum.
    """

    def product(x):
        pixels = x.shape[1] * x.shape[2]
        ones = jnp.ones((1, pixels), x.dtype)
        total = jax.lax.dot(
            ones,
            x.reshape(pixels, x.shape[3]),
            precision=jax.lax.Precision.HIGHEST,
            preferred_element_type=jnp.float32,
        )
        return (total / pixels).astype(x.dtype)

    def plain(x):
        return jnp.mean(x, axis=(1, 2))

    return jax.lax.platform_dependent(x, cpu=product, default=plain) if x.shape[0] == 1 else plain(x)
