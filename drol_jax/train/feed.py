"""Batches made ahead of their use in another thread, and laid over the devices of all processes."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from drol_jax.errors import UserError
from drol_jax.train.pairs.batch import Batch_co, Source
from drol_jax.train.processes import own_rows

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


def own_part(source: Source[Batch_co], index: int, mesh: Mesh, batch_size: int) -> Batch_co:
    """What this process makes of a batch: the rows of its own devices, of one process all."""
    if jax.process_count() == 1:
        return source.batch(index)
    return source.batch(index, own_rows(mesh, batch_size))


@contextmanager
def ahead(source: Source[Batch_co], first: int, last: int, mesh: Mesh, batch_size: int) -> Iterator[Iterator[Batch_co]]:
    """The batches from number `first` to `last` - 1, in order, while the next ones are being made.

    Each process makes its own rows. What a source raises comes up where its batch is asked for.
    """
    pool = ThreadPoolExecutor(1, "pairs")

    def make(index: int) -> Batch_co:
        part = own_part(source, index, mesh, batch_size)
        if jax.process_count() > 1:
            part = jax.tree.map(lambda x: jax.make_array_from_process_local_data(spread(mesh), np.asarray(x)), part)
        # Waited for here, so that a batch that is taken is there.
        return jax.block_until_ready(jax.device_put(part, spread(mesh)))

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
