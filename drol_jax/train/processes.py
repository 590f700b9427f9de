"""Processes that train one network together, by `jax.distributed`: who is first, what is agreed, whose rows are whose.

Where there is one process, every question answers itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import Mesh

from drol_jax.errors import UserError
from drol_jax.train.pairs.batch import ALL


@dataclass(frozen=True, kw_only=True)
class Place:
    """This process among the others, where no cluster's software says it."""

    coordinator: str | None = None
    """HOST:PORT of the first process, which all can reach."""
    count: int | None = None
    number: int | None = None
    """From 0."""


def join(place: Place) -> None:
    """Meet the other processes; before jax computes anything. On CPUs they exchange numbers by gloo.

    Raises:
      UserError: nobody says who the others are, or they do not come.
    """
    told = (place.coordinator, place.count, place.number)
    if any(one is None for one in told) and any(one is not None for one in told):
        raise UserError("--coordinator, --processes and --process belong together; give all three, or none under SLURM")
    if place.count is not None and place.number is not None and not 0 <= place.number < place.count:
        raise UserError(f"--process {place.number} of {place.count}: give 0 to {place.count - 1}")
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    try:
        jax.distributed.initialize(*told)
    except (ValueError, RuntimeError) as error:
        words = str(error).strip().splitlines()[0]
        raise UserError(
            f"the processes do not find each other ({words}); give each --coordinator HOST:PORT, --processes N and "
            "--process I, or start them by srun"
        ) from error


def is_first() -> bool:
    """Whether this process writes and tells."""
    return jax.process_index() == 0


def agreed(flags: Sequence[bool]) -> list[bool]:
    """Each flag, set where any process has set it. All have to call it alike."""
    return [any(column) for column in zip(*_gathered(flags), strict=True)]


def of_the_first(value: int) -> int:
    """The first process's number, in all. All have to call it alike."""
    return int(_gathered([value])[0][0])


def together() -> None:
    """Wait until all have come here."""
    agreed([True])


def own_rows(mesh: Mesh, batch_size: int) -> slice:
    """The rows of a batch that this process's devices are given."""
    if jax.process_count() == 1:
        return ALL
    places = [place for place, device in enumerate(mesh.devices) if device.process_index == jax.process_index()]
    each = batch_size // mesh.size
    assert places == list(range(places[0], places[-1] + 1)), "a process's devices lie side by side"
    return slice(places[0] * each, (places[-1] + 1) * each)


def _gathered(values: Sequence[int]) -> list[list[int]]:
    if jax.process_count() == 1:
        return [list(values)]
    return np.asarray(multihost_utils.process_allgather(np.asarray(values, np.int32))).tolist()
