"""Branches that stay skipped under `vmap`."""

from collections.abc import Callable
from typing import TypeVar

import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap

T = TypeVar("T")
R = TypeVar("R")


def rarely(fn: Callable[[T, R], T]) -> Callable[[jax.Array, T, R], T]:
    """`fn(carried, rest)` where a predicate holds, `carried` elsewhere.

    `vmap` turns an ordinary `lax.cond` with a batched predicate into a select: every lane pays for `fn` in every
    step. Here the batched form is one `cond` on "any lane", so that `fn` runs only in steps in which some lane asks
    for it; the other lanes' results are thrown away.

    Args:
      fn: pure; its result has the structure, shapes and dtypes of `carried`. It must not close over arrays: `vmap`
        of a jitted caller runs it again after that caller's trace has ended, so all arrays come in `rest`.

    Returns:
      call(predicate, carried, rest) -> like `carried`.
    """

    @custom_vmap
    def call(predicate, carried, rest):
        return jax.lax.cond(predicate, fn, lambda carried, rest: carried, carried, rest)

    @call.def_vmap
    def batched(axis_size, in_batched, predicate, carried, rest):
        predicate_batched, carried_batched, rest_batched = in_batched

        def lanes(x, is_batched):
            return x if is_batched else jnp.broadcast_to(x, (axis_size, *jnp.shape(x)))

        carried = jax.tree.map(lanes, carried, carried_batched)
        predicate = lanes(predicate, predicate_batched)
        every = jax.vmap(fn, in_axes=(0, jax.tree.map(lambda b: 0 if b else None, rest_batched)))

        def chosen(carried, predicate_and_rest):
            predicate, rest = predicate_and_rest

            def pick(new, old):
                return jnp.where(predicate.reshape(-1, *[1] * (old.ndim - 1)), new, old)

            return jax.tree.map(pick, every(carried, rest), carried)

        # Again `rarely`, so that it holds for each of several nested `vmap`s.
        result = rarely(chosen)(jnp.any(predicate), carried, (predicate, rest))
        return result, jax.tree.map(lambda _: True, result)

    return call
