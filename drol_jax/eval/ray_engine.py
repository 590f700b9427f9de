"""Units of an evaluation on Ray's workers. Needs no jax; the workers do.

Results come back to the process that hands out the units, which alone writes them.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, TypeVar

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval.backend import JaxBackend, TrackingArguments
from drol_jax.eval.engines import Engine, LocalEngine, Unit
from drol_jax.eval.pacing import PacedEngine
from drol_jax.eval.placing import ray_options
from drol_jax.eval.plugged import plugged
from drol_jax.eval.runner import OnFrame
from drol_jax.eval.running import Running, data_of
from drol_jax.eval.tracker_runs import Backend, TrackerRun
from drol_jax.results.ledger import Made
from drol_jax.results.runs import Tracked
from drol_jax.system.program import tell
from drol_jax.system.ray_workers import RayOptions, RayWorkers
from drol_jax.system.workers import Check

T = TypeVar("T")
DATASET_SEED = 0


class Units:
    """What a worker holds: the trackers, compiled, and the sequences."""

    def __init__(self, runs: Sequence[TrackerRun], entries: Mapping[str, datasets.SequenceEntry], environment: Any):
        self._runs = {run.name: run for run in runs}
        self._entries, self._environment = entries, environment
        self._opened: datasets.Sequence | None = None

    def track(self, name: str, seed: int, sequence: str, number: int, running: Running, data: str) -> Any:
        """(result, environment) of a unit.

        Args:
          name: of the tracker.
          sequence: its name.
          number, running: as of `Unit`.
          data: digest of the sequence as it lies for whoever asks.

        Raises:
          UserError: what opening and tracking raise; here lies another sequence of that name.
        """
        if self._opened is None or self._opened.name != sequence:
            self._opened = opened_there(self._entries, sequence)
        opened = same_there(self._opened, data_of(self._opened, running), data)
        tracked = running.track(self._runs[name].runner, opened, seed, number, lambda index: None)
        return tracked, self._environment


def opened_there(entries: Mapping[str, datasets.SequenceEntry], name: str) -> datasets.Sequence:
    """A worker's sequence of some name.

    Raises:
      UserError: it has none, or it cannot be opened.
    """
    if name not in entries:
        raise UserError(f"{name} is not among the sequences there; give all machines the same")
    return entries[name].open()


def same_there(sequence: datasets.Sequence, found: str, wanted: str) -> datasets.Sequence:
    """A worker's sequence, if it has the digest of the one that is asked for.

    Raises:
      UserError: it is another.
    """
    if found != wanted:
        raise UserError(f"the files of {sequence.name} are others there than here; give all machines the same")
    return sequence


@dataclass(frozen=True, kw_only=True)
class EvalRecipe:
    """How a worker comes by its `Units`. Pickled, so that its parts are functions of modules."""

    arguments: TrackingArguments
    runs: Callable[[Backend], list[TrackerRun]]
    """Loads the trackers, in the same way as the process that hands out the units."""
    dataset: str
    data_root: Path
    backend: Callable[[TrackingArguments], Backend] = JaxBackend
    load: Callable[..., list[datasets.SequenceEntry]] = datasets.load

    def prepare(self) -> Units:
        """Load.

        Raises:
          UserError: what loading raises.
        """
        backend = self.backend(replace(self.arguments, lanes=1))
        listed = plugged(self.arguments.plugin, self.load).load(self.dataset, self.data_root, None, DATASET_SEED)
        return Units(self.runs(backend), {entry.name: entry for entry in listed}, dict(backend.environment()))


class RayEngine:
    """As `engines.Engine`. Used inside `with`."""

    is_here = False

    def __init__(self, recipe: EvalRecipe, options: RayOptions):
        """Prepare. Raises what `RayWorkers` raises."""
        self._there = RayWorkers(recipe, options)

    @property
    def workers(self) -> int:
        """How many units are under way at once."""
        return self._there.workers

    def __enter__(self) -> Self:
        self._there.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._there.__exit__()

    def expect(self, entries: Sequence[datasets.SequenceEntry]) -> None:
        """Nothing depends on it here."""

    def work_off(self, work: Callable[[T, Check], None], jobs: Sequence[T]) -> None:
        """Do all jobs, as many at a time as there are workers."""
        self._there.work_off(work, jobs)

    def track(self, unit: Unit, on_frame: OnFrame) -> tuple[Tracked, Made]:
        """Do a unit on the worker of this thread.

        Raises:
          UserError: what the sequence's frames or the settings raise; the worker died under it too often.
        """
        data = data_of(unit.sequence, unit.running)
        (tracked, environment), host = self._there.do(
            "track",
            unit.run.name,
            unit.seed,
            unit.sequence.name,
            unit.number,
            unit.running,
            data,
            waiting=lambda: on_frame(0),
        )
        return tracked, Made(environment, host)


def engine_of(recipe: EvalRecipe) -> AbstractContextManager[Engine]:
    """What does the units as the arguments ask for it, inside `with`.

    Raises:
      UserError: Ray is not installed, or options that do not go together.
    """
    options = ray_options(recipe.arguments)
    if options is not None:
        return RayEngine(recipe, options)
    lanes = recipe.arguments.lanes
    return nullcontext(PacedEngine(tell) if lanes == "auto" else LocalEngine(lanes))
