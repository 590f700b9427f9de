"""Keeping what is computed once from being computed again.

On CPUs, XLA fuses a chain of pixelwise steps into the last one and recomputes the earlier ones there, once for each
colour and neighbour, often without vector instructions: painting an object took seven times as long. A branch is
neither fused nor looked into.
"""

from collections.abc import Callable
from typing import TypeVar

import jax
import jax.numpy as jnp

Result = TypeVar("Result")


def stage(needed: jax.Array, function: Callable[..., Result], *operands) -> Result:
    """`function(*operands)` where it is needed, else zeros.

    Args:
      needed: bool (), not known while compiling.
    """
    shapes = jax.eval_shape(function, *operands)

    def zeros(*_: object) -> Result:
        return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)

    return jax.lax.cond(needed, function, zeros, *operands)
