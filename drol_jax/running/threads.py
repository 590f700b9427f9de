"""Slots shared out over threads: on a CPU one program alone cannot keep several cores busy."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.api import PRECISION
from drol_jax.system.workers import cores

T = TypeVar("T")

_join = jax.jit(lambda parts, place: jax.tree.map(lambda *leaves: jnp.concatenate(leaves)[place], *parts))


@cache  # to start a thread takes as long as a search where the cores are busy
def _helpers(count: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(count, thread_name_prefix="drol-targets")


def shares_of(count: int, most: int | None = None) -> tuple[int, int]:
    """(threads, slots of each) for so many slots."""
    threads = min(most or len(cores()), count)
    return threads, -(-count // threads)


def in_threads(work: Callable[..., T], asked: np.ndarray, *rest: Any, most: int | None = None) -> T:
    """What `work` finds for the slots that are asked for, [B, ...], and anything for the others.

    Args:
      work: (slots int32 [S], count, *rest) -> [S, ...], of the first `count`. Called once in each
        thread, of which the caller's is one.
      asked: bool [B].
      most: threads; by default as many as there are cores.
    """
    slots, count = np.flatnonzero(asked).astype(np.int32), len(asked)
    threads, size = shares_of(count, most)

    def do(own: np.ndarray) -> T:
        with jax.default_matmul_precision(PRECISION):  # a setting of the thread
            return jax.block_until_ready(work(np.resize(own, size), np.int32(len(own)), *rest))

    shares = np.array_split(slots, threads)
    place = np.zeros(count, np.int32)
    for number, own in enumerate(shares):
        place[own] = number * size + np.arange(len(own))
    own, *others = shares[: max(1, len(slots))]
    asked_for = [_helpers(threads - 1).submit(do, share) for share in others]
    try:
        parts = [do(own)]
    finally:  # they read what the caller may give away after an error
        wait(asked_for)
    parts += [future.result() for future in asked_for]
    if count == 1:  # the one slot is the one part
        return parts[0]
    # As many parts in every step, whose number is compiled for.
    return _join(parts + parts[:1] * (threads - len(parts)), place)
