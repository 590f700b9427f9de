"""Units of work on Ray's workers, on one machine or on a cluster (extra: ray). Needs no jax; its workers may.

Ray places the workers, starts them again where they die, and repeats what they were at. A worker holds the trackers,
compiled, for as long as it has work; one that has none left is given back, so that another's, whose machine is gone,
finds room. Results come back to this process, which alone writes them.
"""

import os
import platform
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from drol_jax.errors import UserError
from drol_jax.eval.engines import Unit
from drol_jax.eval.running import OnFrame, Running
from drol_jax.eval.tracker_runs import TrackerRun
from drol_jax.results.ledger import Made
from drol_jax.results.runs import Tracked
from drol_jax.system.optional import optional
from drol_jax.system.workers import Check, work_off

T = TypeVar("T")

INSTALL = "'drol_jax[ray]'"
TRIES = 3
"""How often Ray repeats a unit whose worker died under it; then the sequence fails, by itself."""
PAUSE = 0.5
"""Seconds between two looks at Ctrl-C while a unit is under way."""
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",  # 15 by default: workers would give way to everything else
    "RAY_gcs_server_request_timeout_seconds": "300",  # a busy machine answers late
}
"""What Ray reads of the environment as it starts, unless the user has set it."""


class Recipe(Protocol):
    """How a worker comes by its trackers and sequences; it is pickled."""

    def prepare(self) -> "Prepared": ...


@dataclass(frozen=True)
class Prepared:
    """What a worker holds."""

    runs: Sequence[TrackerRun]
    open: Callable[[str], Any]
    """Opens a sequence by its name, from where its files lie for this worker."""
    environment: Any


@dataclass(frozen=True, kw_only=True)
class RayOptions:
    """How Ray is used."""

    workers: int
    gpus: float = 0.0
    """Of each worker; a fraction where several share one."""
    address: str | None = None
    """Of a cluster; None: $RAY_ADDRESS, else one of this machine's own, for this run."""


class Worker:
    """An actor's class: does units, one after the other."""

    def __init__(self, recipe: Recipe, folder: str):
        os.chdir(folder)
        self._held = recipe.prepare()
        self._by_name = {run.name: run for run in self._held.runs}

    def track(self, name: str, seed: int, sequence: str, number: int, running: Running) -> Any:
        """(result, environment, machine); a `UserError` in place of the result where it is the sequence's or user's."""
        try:
            tracked = running.track(
                self._by_name[name].runner, self._held.open(sequence), seed, number, lambda index: None
            )
        except UserError as error:
            return error, None, platform.node()
        return tracked, self._held.environment, platform.node()


class RayEngine:
    """Ray's workers. Used inside `with`."""

    def __init__(self, recipe: Recipe, options: RayOptions):
        """Prepare.

        Raises:
          UserError: Ray is not installed, or no worker is asked for.
        """
        if options.workers < 1:
            raise UserError(f"--workers {options.workers}: at least one is needed")
        self._ray: Any = optional("ray", INSTALL)
        self._recipe, self._options = recipe, options
        self._hand = threading.local()
        self._began = False

    @property
    def workers(self) -> int:
        """How many units are under way at once."""
        return self._options.workers

    def __enter__(self) -> "RayEngine":
        for name, value in QUIET.items():
            os.environ.setdefault(name, value)
        address = self._options.address or os.environ.get("RAY_ADDRESS")
        if self._ray.is_initialized():
            return self
        try:
            own: dict[str, Any] = {} if address else {"num_cpus": self.workers, "include_dashboard": False}
            self._ray.init(address=address or "local", log_to_driver=False, logging_level="error", **own)
        except Exception as error:  # of many kinds
            words = str(error).strip().splitlines() or [type(error).__name__]
            raise UserError(f"Ray does not start: {words[0]}; check --address, or pass --engine local") from error
        self._began = True
        return self

    def __exit__(self, *_: object) -> None:
        if self._began:
            self._ray.shutdown()

    def work_off(self, work: Callable[[T, Check], None], jobs: Sequence[T]) -> None:
        """Do all jobs, as many at a time as there are workers."""
        left, lock = iter(jobs), threading.Lock()

        def rest() -> Iterator[T]:
            while True:
                with lock:
                    job = next(left, None)
                if job is None:
                    return
                yield job

        def with_worker(number: int, check: Check) -> None:
            with self._worker():
                for job in rest():
                    work(job, check)

        count = min(self.workers, len(jobs))
        work_off(with_worker, range(count), max(1, count))

    def track(self, unit: Unit, on_frame: OnFrame) -> tuple[Tracked, Made]:
        """Do a unit on the worker of this thread.

        Raises:
          UserError: what the sequence's frames or the settings raise; the worker died under it too often.
        """
        call = self._actor().track.remote(unit.run.name, unit.seed, unit.sequence.name, unit.number, unit.running)
        try:
            while not self._ray.wait([call], timeout=PAUSE)[0]:
                on_frame(0)
            result, environment, host = self._ray.get(call)
        except KeyboardInterrupt:
            self._ray.kill(self._hand.actor)
            raise
        except self._ray.exceptions.RayActorError as error:
            self._hand.actor = None
            raise UserError(
                f"its worker died, {TRIES + 1} times in a row ({_last_line(error)}); try it with --engine local"
            ) from error
        if isinstance(result, UserError):
            raise result
        return result, Made(environment, host)

    @contextmanager
    def _worker(self) -> Iterator[None]:
        """A part in which this thread has a worker, begun with its first unit."""
        self._hand.actor = None
        try:
            yield
        finally:
            if self._hand.actor is not None:
                self._ray.kill(self._hand.actor)
            self._hand.actor = None

    def _actor(self) -> Any:
        if getattr(self._hand, "actor", None) is None:
            kind = self._ray.remote(Worker).options(
                num_cpus=1,
                num_gpus=self._options.gpus,
                # Tries count for a unit; a worker itself is started again as often as it takes.
                max_restarts=-1,
                max_task_retries=TRIES,
                runtime_env={"env_vars": _bounds(self._options.gpus)},
            )
            self._hand.actor = kind.remote(self._recipe, os.getcwd())
        return self._hand.actor


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:200] if lines else type(error).__name__


def _bounds(gpus: float) -> dict[str, str]:
    """Environment of a worker, in which it takes no more than its share."""
    share = {} if not gpus or gpus >= 1 else {"XLA_PYTHON_CLIENT_MEM_FRACTION": f"{0.9 * gpus:.2f}"}
    return {"OMP_NUM_THREADS": "1", "JAX_PLATFORMS": os.environ.get("JAX_PLATFORMS", "" if gpus else "cpu"), **share}
