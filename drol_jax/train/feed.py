"""Batches made ahead of their use in another thread, and laid over the devices."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from drol_jax.errors import UserError
from drol_jax.train.pairs.batch import Batch_co, Source

AHEAD = 2
"""Batches that wait or are being made."""


def devices_mesh(batch_size: int) -> Mesh:
    """All devices in one row, over which batches are spread.

    Raises:
      UserError: the batch cannot be split evenly among them.
    """
    devices = jax.devices()
    if batch_size % len(devices):
        raise UserError(f"batch_size {batch_size} cannot be split evenly among {len(devices)} devices; choose another")
    return Mesh(np.array(devices), ("pairs",))


def spread(mesh: Mesh) -> NamedSharding:
    """How a batch lies: each device has a part of the pairs."""
    return NamedSharding(mesh, PartitionSpec("pairs"))


def everywhere(mesh: Mesh) -> NamedSharding:
    """How all else lies: each device has all of it."""
    return NamedSharding(mesh, PartitionSpec())


@contextmanager
def ahead(source: Source[Batch_co], first: int, last: int, mesh: Mesh) -> Iterator[Iterator[Batch_co]]:
    """The batches from number `first` to `last` - 1, in order, while the next ones are being made.

    What a source raises comes up where its batch is asked for.
    """
    pool = ThreadPoolExecutor(1, "pairs")

    def make(index: int) -> Batch_co:
        # Waited for here, so that a batch that is taken is there.
        return jax.block_until_ready(jax.device_put(source.batch(index), spread(mesh)))

    def batches() -> Iterator[Batch_co]:
        waiting = deque()
        for index in range(first, last):
            while len(waiting) <= AHEAD and index + len(waiting) < last:
                waiting.append(pool.submit(make, index + len(waiting)))
            yield waiting.popleft().result()

    try:
        yield batches()
    finally:
        pool.shutdown(cancel_futures=True)
