"""Where units of work are done, as the command line says it. Needs no jax."""

from dataclasses import dataclass
from typing import Annotated, Literal

from drol_jax.errors import UserError
from drol_jax.eval.commands import one_of
from drol_jax.system.program import CacheArguments
from drol_jax.system.ray_workers import RayOptions
from drol_jax.system.workers import cores

Where = Literal["local", "ray"]


@dataclass(frozen=True, kw_only=True)
class EngineArguments(CacheArguments):
    """Where units of work are done."""

    lanes: int | Literal["auto"] = 1
    """Sequences tracked at once, under any protocol. On the CPU they share its cores and the results stay the same to
    the byte; on a GPU they are one batch, and differ by rounding. auto: as many as the first frames tell are quickest,
    never slower than one."""
    engine: Annotated[Where, one_of(Where)] = "local"
    """Where units of work are done: in this process, or by Ray (extra: ray) on one machine or on a cluster. The files
    are the same."""
    workers: int | None = None
    """Ray: workers, each a process with a core and with trackers of its own. Default: as many as this machine has
    cores."""
    gpus_per_worker: float = 0.0
    """Ray: GPUs of each worker; a fraction, such as 0.5, where several share one; 0: it computes on the CPU."""
    address: str | None = None
    """Ray: address of a cluster, such as head:6379. Default: $RAY_ADDRESS, else workers on this machine, which end with
    the run."""


def ray_options(asked: EngineArguments) -> RayOptions | None:
    """How Ray is used; None where it is not.

    Raises:
      UserError: options that do not go together.
    """
    if asked.engine == "local":
        if asked.workers is not None or asked.address is not None or asked.gpus_per_worker:
            raise UserError(
                "--workers, --gpus-per-worker and --address are Ray's; pass --engine ray too, or --lanes instead"
            )
        return None
    if asked.lanes != 1:
        number = "N" if asked.lanes == "auto" else asked.lanes
        raise UserError(f"--lanes {asked.lanes} is of one process; with --engine ray give --workers {number}")
    workers = len(cores()) if asked.workers is None else asked.workers
    return RayOptions(workers=workers, gpus=asked.gpus_per_worker, address=asked.address)
