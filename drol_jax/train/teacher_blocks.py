"""What the blocks of a network make of images, seen from outside: compared with a teacher's, or replaced by them."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from drol_jax.nets.layers import Conv, Norm

Blocks = dict[str, jax.Array]
"""Outputs [B, H, W, C] by name of block, method, number of the call and part."""


QUIET = 0.1
"""Least variance of a teacher's channel that errors are measured by, as a share of the mean over channels: what hardly
ever answers need not be met."""


def is_block(module: Any, method: str) -> bool:
    """Whether a layer's outputs are compared: those of the parts of backbone and head, and the backbone's own.

    A convolution by itself is none: with its normalisation folded into it, it gives other numbers.
    """
    whole = module.path in (("backbone",), ("neck",)) and method == "__call__"
    return whole or (len(module.path) == 2 and not isinstance(module, Conv | Norm))


@contextmanager
def watched(instead: Blocks | None = None, when: jax.Array | bool = False) -> Iterator[Blocks]:
    """The outputs of blocks, filled while a network is applied within.

    Args:
      instead: what is handed on in the place of outputs of the same name and size.
      when: bool (), whether it is.
    """
    found: Blocks = {}
    calls: Counter[str] = Counter()

    def watch(go: Any, args: Any, kwargs: Any, context: Any) -> Any:
        output = go(*args, **kwargs)
        if not is_block(context.module, context.method_name):
            return output
        place = "/".join((*context.module.path, context.method_name))
        call, calls[place] = calls[place], calls[place] + 1

        def seen(path: Any, leaf: jax.Array) -> jax.Array:
            name = f"{place}/{call}/{jax.tree_util.keystr(path, simple=True, separator='/')}"
            if leaf.ndim != 4:
                return leaf
            found[name] = leaf
            other = (instead or {}).get(name)
            return leaf if other is None or other.shape != leaf.shape else jnp.where(when, other, leaf)

        return jax.tree_util.tree_map_with_path(seen, output)

    with nn.intercept_methods(watch):
        yield found


def place_of(name: str) -> str:
    """A block's name without the number of the call: a template's and a search region's go through one adapter."""
    return re.sub(r"/\d+", "", name, count=1)


def adapted(blocks: Blocks, adapters: Mapping[str, Any]) -> Blocks:
    """The blocks, through their adapters where they have one."""
    return {
        name: block @ adapters[place_of(name)] if place_of(name) in adapters else block
        for name, block in blocks.items()
    }


def block_distances(said: Blocks, wanted: Blocks) -> Iterator[jax.Array]:
    """Of every block that both have at one size: mean over channels of log(1 + squared error over variance)."""
    for name in sorted(wanted):
        if name in said and said[name].shape == wanted[name].shape:
            error = jnp.mean((said[name] - wanted[name]) ** 2, axis=(0, 1, 2))
            variance = jnp.var(wanted[name], axis=(0, 1, 2))
            variance = jnp.maximum(variance, QUIET * jnp.mean(variance)) + 1e-8
            yield jnp.mean(jnp.log1p(error / variance))
