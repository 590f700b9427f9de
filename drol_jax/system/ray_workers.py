"""Workers that Ray keeps, on one machine or on a cluster (extra: ray). Needs no jax; what workers do may.

Ray places the workers, and starts them again where they die; what they were at is asked of them once more. A worker
holds what it was prepared with for as long as it has work; one that has none left is given back, so that another, whose
machine is gone, finds room. Where Ray itself is gone, all that is left fails at once.
"""

import os
import platform
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

from drol_jax.errors import UserError
from drol_jax.system.code import code_hash
from drol_jax.system.optional import optional
from drol_jax.system.program import tell
from drol_jax.system.ray_pulse import EVERY, Pulse, runs_here
from drol_jax.system.workers import Check, aside, work_off

T = TypeVar("T")

INSTALL = "'drol_jax[ray]'"
AGAIN = "run the same command again, or try it with --engine local"
TRIES = 5
"""How often a unit of work is tried again whose worker died under it; then that unit fails, by itself."""
PAUSE = 0.5
"""Seconds between two looks at Ctrl-C while a unit is under way."""
STORE = 200 * 2**20
"""Bytes for what goes from process to process on a machine of our own: results are small."""
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",  # 15 by default: workers would give way to everything else
    "RAY_gcs_server_request_timeout_seconds": "300",  # a busy machine answers late
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # workers without a GPU are told so by JAX_PLATFORMS
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",  # this process and its workers share cards
}
"""What Ray and jax read of the environment as they start, unless the user has set it."""


class Recipe(Protocol):
    """How a worker comes by what it works with; it is pickled."""

    def prepare(self) -> Any:
        """An object whose methods do units of work."""
        ...


@dataclass(frozen=True, kw_only=True)
class RayOptions:
    """How Ray is used."""

    workers: int
    gpus: float = 0.0
    """Of each worker; a fraction where several share one, 0 where they compute on the CPU."""
    address: str | None = None
    """Of a cluster; None: $RAY_ADDRESS, else one of this machine's own, for as long as it is needed."""


class Worker:
    """An actor's class: does units, one after the other."""

    def __init__(self, recipe: Recipe, folder: str, bounds: dict[str, str], code: str):
        os.environ.update(bounds)  # before jax is there
        self._recipe, self._folder, self._code = recipe, folder, code
        self._held: Any = None

    def there(self) -> None:
        """Nothing: ends as soon as there is such a worker."""

    def do(self, name: str, *arguments: Any) -> tuple[Any, str]:
        """(what the method of that name returns, machine); a `UserError` that it raises in place of the result."""
        try:
            if self._held is None:
                self._held = self._prepared()
            return getattr(self._held, name)(*arguments), platform.node()
        except UserError as error:
            return error, platform.node()

    def _prepared(self) -> Any:
        if (found := code_hash()) != self._code:
            raise UserError(f"drol_jax there has other code (hash {found}) than here ({self._code}); install the same")
        try:
            os.chdir(self._folder)  # paths on the command line count from there
        except OSError as error:
            raise UserError(
                f"{self._folder} is not to be had on {platform.node()}; run the command in a folder that all machines "
                "share"
            ) from error
        return self._recipe.prepare()


class RayWorkers:
    """A number of workers, each of one thread. Used inside `with`."""

    def __init__(
        self, recipe: Recipe, options: RayOptions, *, lasting: bool = False, ray: Any = None, every: float = EVERY
    ):
        """Prepare.

        Args:
          lasting: workers stay, with what they hold, until the end of ``with``: `work_off` comes many times.
          ray: what has the functions of Ray's that are used here; by default Ray.
          every: seconds between two looks whether Ray is still there.

        Raises:
          UserError: Ray is not installed, or no worker is asked for.
        """
        if options.workers < 1:
            raise UserError(f"--workers {options.workers}: at least one is needed")
        if options.gpus < 0 or (options.gpus > 1 and options.gpus != int(options.gpus)):
            raise UserError(f"--gpus-per-worker {options.gpus:g}: give a fraction of one, such as 0.5, or whole ones")
        for name, value in QUIET.items():
            os.environ.setdefault(name, value)
        self._ray: Any = ray or optional("ray", INSTALL)
        self._pulse, self._every = Pulse(lambda: True), every
        self._recipe, self._options = recipe, options
        self._hand = threading.local()
        self._lasting, self._idle = lasting, list[Any]()
        self._began = False

    @property
    def workers(self) -> int:
        """How many units are under way at once."""
        return self._options.workers

    def __enter__(self) -> Self:
        address = self._options.address or os.environ.get("RAY_ADDRESS")
        if not self._ray.is_initialized():
            own = {"num_cpus": self.workers, "include_dashboard": False, "object_store_memory": STORE}
            try:
                more: dict[str, Any] = {} if address else own
                with _started():
                    self._ray.init(address=address or "local", log_to_driver=False, logging_level="error", **more)
            except Exception as error:  # of many kinds
                words = str(error).strip().splitlines() or [type(error).__name__]
                raise UserError(f"Ray does not start: {words[0]}; check --address, or pass --engine local") from error
            self._began = True
        try:
            self._look_for_room(own=not address)
        except BaseException:
            self._end()
            raise
        self._pulse = Pulse(lambda: runs_here(self._ray), every=self._every).__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._pulse.__exit__()
        finally:
            self._end()

    def _end(self) -> None:
        while self._idle:
            self._ray.kill(self._idle.pop())
        if self._began:
            self._ray.shutdown()
            self._began = False

    def work_off(self, work: Callable[[T, Check], None], jobs: Sequence[T]) -> None:
        """Do all jobs, as many at a time as there are workers; as `system.workers.work_off`."""
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

        if count := min(self.workers, len(jobs)):
            work_off(with_worker, range(count), count)

    def do(self, name: str, *arguments: Any, waiting: Callable[[], None]) -> tuple[Any, str]:
        """Do a unit on the worker of this thread: (what the prepared object's method returns, machine).

        Args:
          waiting: is called now and then; may raise KeyboardInterrupt.

        Raises:
          UserError: what the method raises; the worker died under it too often; Ray is gone.
        """
        for left in reversed(range(TRIES + 1)):
            try:
                result, host = self._done(name, arguments, waiting)
            except KeyboardInterrupt:
                self._drop()
                raise
            except self._ray.exceptions.RayTaskError:  # a fault of the program, with its traceback
                raise
            except self._ray.exceptions.RayError as error:
                self._pulse.look(waiting)
                self._fail_if_gone()
                if left:
                    continue
                self._drop()
                raise UserError(
                    f"its worker died, and {TRIES} more tries did not help ({_told(error)}); {AGAIN}"
                ) from error
            if isinstance(result, UserError):
                raise result
            return result, host
        raise AssertionError

    def _done(self, name: str, arguments: tuple[Any, ...], waiting: Callable[[], None]) -> tuple[Any, str]:
        """One try of `do`, as soon as the worker is somewhere. Raises what Ray does where the worker dies under it."""
        self._fail_if_gone()
        actor = self._actor(waiting)
        # That a machine is gone Ray finds out within half a minute, and tries a call to a worker there once a second
        # until then: this call waits for the worker with as many tries as it takes, and none of the unit's is used up.
        self._awaited(actor.there.options(max_task_retries=-1).remote(), waiting)
        return self._awaited(actor.do.remote(name, *arguments), waiting)

    def _awaited(self, call: Any, waiting: Callable[[], None]) -> Any:
        while not self._ray.wait([call], timeout=PAUSE)[0]:
            waiting()
            self._fail_if_gone()
        return self._ray.get(call)

    def _fail_if_gone(self) -> None:
        if self._pulse.gone is not None:
            raise UserError(f"{self._pulse.gone}; {AGAIN}")

    @contextmanager
    def _worker(self) -> Iterator[None]:
        """A part in which this thread has a worker, begun with its first unit."""
        self._hand.actor = self._idle.pop() if self._idle else None
        try:
            yield
        finally:
            if self._lasting and self._hand.actor is not None:
                self._idle.append(self._hand.actor)
            else:
                self._drop()

    def _drop(self) -> None:
        if self._hand.actor is not None:
            self._ray.kill(self._hand.actor)
        self._hand.actor = None

    def _actor(self, waiting: Callable[[], None]) -> Any:
        if getattr(self._hand, "actor", None) is None:
            # Ray asks its head, and without one the call never comes back: not here, but where nobody waits for it.
            made = aside(self._new_actor)
            while not wait([made], PAUSE).done:
                waiting()
                self._fail_if_gone()
            self._hand.actor = made.result()
        return self._hand.actor

    def _new_actor(self) -> Any:
        kind = self._ray.remote(Worker).options(
            num_cpus=1,
            num_gpus=self._options.gpus,
            max_restarts=-1,  # tries count for a unit; a worker itself is started again as often as it takes
        )
        return kind.remote(self._recipe, os.getcwd(), bounds(self._options.gpus), code_hash())

    def _look_for_room(self, *, own: bool) -> None:
        """Say how many workers find room: Ray would wait for it without a word."""
        asked, gpus = self.workers, self._options.gpus
        nodes = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        room = int(sum(min(one.get("CPU", 0), one.get("GPU", 0) / gpus if gpus else asked) // 1 for one in nodes))
        what = f"{asked} workers of a core" + (f" and {gpus:g} GPU" if gpus else "")
        if own and room < asked:
            raise UserError(f"{what} each: this machine has room for {room}; lower --workers or --gpus-per-worker")
        if room < asked:
            tell(f"note: {what} each: the cluster has room for {room}; the others begin when there is more")


@contextmanager
def _started() -> Iterator[None]:
    """A part in which Ray starts; what it would change for the rest of this process stays as it is."""
    # Ray starts its processes by subprocess, which forks and at once runs another program: nothing can deadlock that
    # jax warns of. Only what subprocess does is not told of, for good: to put the filters back (catch_warnings) would
    # also take back those that other threads set meanwhile.
    warnings.filterwarnings("ignore", r"os\.fork\(\) was called", RuntimeWarning, "subprocess$")
    heard = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        # Ray would end the process with a stack in C++ and exit code 15.
        if heard is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, heard)


def bounds(gpus: float) -> dict[str, str]:
    """Environment of a worker, in which it takes no more than its share: one core, and so much of a card."""
    share = {} if not gpus or gpus >= 1 else {"XLA_PYTHON_CLIENT_MEM_FRACTION": f"{0.9 * gpus:.2f}"}
    platforms = {} if gpus else {"JAX_PLATFORMS": "cpu"}
    return {"OMP_NUM_THREADS": "1", "PJRT_NPROC": "1", "NPROC": "1", **platforms, **share}


def _told(error: Exception) -> str:
    """What Ray says of a death, from beginning and end; between them it tells of processes and addresses."""
    lines = [line.strip()[:160] for line in str(error).splitlines() if line.strip()]
    return " ... ".join(dict.fromkeys([lines[0], lines[-1]])) if lines else type(error).__name__
