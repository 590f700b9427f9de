"""Branches that stay skipped under `vmap`, and are paid for only by the lanes that ask for them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap

T = TypeVar("T")
R = TypeVar("R")

AT_ONCE = 8
"""Lanes that run a branch together. On the CPU one by one: batched networks and fits take longer there."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows of an array, which a branch reads where they lie: in lanes it gets those of all, without a copy of its own.

    Give a branch so what is large, as part of `rest`.
    """

    all: Any
    """[R, ...]"""
    first: Any
    """int32 (): where the lane's own begin; under nested vmaps one for each lane of an inner one."""


def lazy_cond(fn: Callable[[T, R], T], at_once: int = AT_ONCE) -> Callable[[jax.Array, T, R], T]:
    """`fn(carried, rest)` where a predicate holds, `carried` elsewhere.

    `vmap` turns an ordinary `lax.cond` with a batched predicate into a select: every lane pays for `fn` in every
    step. Here the batched form runs `fn` for the lanes that ask for it, some at a time, and not at all in steps in
    which none does.

    Args:
      fn: pure; its result has the structure, shapes and dtypes of `carried`. It must not close over arrays: `vmap`
        of a jitted caller runs it again after that caller's trace has ended, so all arrays come in `rest`.
      at_once: lanes that run together, but for the CPU. Few are best where a lane brings much along.

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
        rest, rest_batched = _end_to_end(rest, rest_batched)

        def chosen(carried, predicate_and_rest):
            predicate, rest = predicate_and_rest
            return for_lanes(fn, predicate, carried, rest, rest_batched, at_once)

        # Again `lazy_cond`, so that it holds for each of several nested `vmap`s.
        result = lazy_cond(chosen, at_once)(jnp.any(predicate), carried, (predicate, rest))
        return result, jax.tree.map(lambda _: True, result)

    return call


def for_lanes(
    fn: Callable[[T, R], T], asked: jax.Array, carried: T, rest: R, rest_batched: Any, at_once: int = AT_ONCE
) -> T:
    """`fn` for the lanes that ask for it, the others' `carried` as it is.

    Args:
      fn: as in `lazy_cond`.
      asked: bool [B].
      carried: [B, ...].
      rest: leaves with lanes, [B, ...], and such that all lanes share.
      rest_batched: tree like `rest`, whether a leaf has lanes.
      at_once: as in `lazy_cond`.
    """

    def loop(at_once: int, asked, carried, rest):
        order = jnp.argsort(~asked)  # those that ask first
        count = jnp.sum(asked)

        def take(array, lane):
            return jax.lax.dynamic_index_in_dim(array, lane, keepdims=False)

        def one(i, carried):
            lane = order[i]
            own = jax.tree.map(lambda x, has_lanes: take(x, lane) if has_lanes else x, rest, rest_batched)
            new = fn(jax.tree.map(lambda x: take(x, lane), carried), own)
            return jax.tree.map(lambda all, x: jax.lax.dynamic_update_index_in_dim(all, x, lane, 0), carried, new)

        def several(i, carried):
            place = i * at_once + jnp.arange(at_once)
            lane = order[jnp.minimum(place, asked.size - 1)]
            own = jax.tree.map(lambda x, has_lanes: x[lane] if has_lanes else x, rest, rest_batched)
            each = jax.vmap(fn, in_axes=(0, jax.tree.map(lambda b: 0 if b else None, rest_batched)))
            new = each(jax.tree.map(lambda x: x[lane], carried), own)
            # Beyond those that ask no lane is meant: what has no place is dropped.
            target = jnp.where(place < count, lane, asked.size)
            return jax.tree.map(lambda all, x: all.at[target].set(x, mode="drop"), carried, new)

        rounds = (count + at_once - 1) // at_once
        return jax.lax.fori_loop(0, rounds, one if at_once == 1 else several, carried)

    def one_by_one(*args):
        return loop(1, *args)

    def together(*args):
        return loop(min(at_once, asked.size), *args)

    return jax.lax.platform_dependent(asked, carried, rest, cpu=one_by_one, default=together)


def _end_to_end(rest: Any, rest_batched: Any) -> tuple[Any, Any]:
    """(rest, rest_batched) with every lane's `Rows` in one array that all share."""

    def is_rows(part: Any) -> bool:
        return isinstance(part, Rows)

    def joined(part: Any, has_lanes: Any) -> tuple[Any, Any]:
        if not is_rows(part) or not has_lanes.all:
            return part, has_lanes
        lanes, rows = part.all.shape[:2]
        first = part.first if has_lanes.first else part.first[None]
        before = (rows * jnp.arange(lanes)).reshape(lanes, *[1] * (first.ndim - 1))
        all = part.all.reshape(lanes * rows, *part.all.shape[2:])
        return Rows(all=all, first=first + before), Rows(all=False, first=True)

    parts, structure = jax.tree.flatten(rest, is_leaf=is_rows)
    pairs = [joined(*pair) for pair in zip(parts, structure.flatten_up_to(rest_batched), strict=True)]
    return tuple(jax.tree.unflatten(structure, half) for half in zip(*pairs, strict=True))


@custom_vmap
def highest_of_lanes(count: jax.Array) -> jax.Array:
    """The count; of lanes the highest, for all of them: a branch that all take alike stays one under vmap."""
    return count


@highest_of_lanes.def_vmap
def _highest(axis_size: int, in_batched: list[bool], count: jax.Array) -> tuple[jax.Array, bool]:
    # Again this function, so that it holds for each of several nested vmaps.
    return highest_of_lanes(jnp.max(count)), False
