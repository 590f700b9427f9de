"""Where units of work are done: in this process. Needs no jax."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from drol_jax import datasets
from drol_jax.eval.runner import OnFrame
from drol_jax.eval.running import Running
from drol_jax.eval.tracker_runs import TrackerRun
from drol_jax.results.ledger import HERE, Made
from drol_jax.results.runs import Tracked
from drol_jax.system.workers import Check, work_off

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One run over a sequence."""

    run: TrackerRun
    seed: int
    sequence: datasets.Sequence
    number: int
    """Of the repetition, from 1, or of the anchor's frame."""
    running: Running


class Engine(Protocol):
    """What does units of work."""

    @property
    def workers(self) -> int:
        """How many units are under way at once."""
        ...

    @property
    def is_here(self) -> bool:
        """Whether this process does them, so that its environment is theirs."""
        ...

    def expect(self, entries: Sequence[datasets.SequenceEntry]) -> None:
        """Hear what is going to be tracked, before any work."""
        ...

    def work_off(self, work: Callable[[T, Check], None], jobs: Sequence[T]) -> None:
        """Do all jobs, as many at a time as there are workers; as `system.workers.work_off`."""
        ...

    def track(self, unit: Unit, on_frame: OnFrame) -> tuple[Tracked, Made]:
        """Do a unit, inside a job. Raises what its runner raises."""
        ...


@dataclass(frozen=True)
class LocalEngine:
    """This process, with as many threads as lanes."""

    workers: int = 1
    is_here: bool = True

    def expect(self, entries: Sequence[datasets.SequenceEntry]) -> None:
        """Nothing depends on it here."""

    def work_off(self, work: Callable[[T, Check], None], jobs: Sequence[T]) -> None:
        """Do all jobs, in the caller's thread where there is one lane."""
        work_off(work, jobs, self.workers)

    def track(self, unit: Unit, on_frame: OnFrame) -> tuple[Tracked, Made]:
        """Do a unit, in the caller's thread."""
        tracked = unit.running.track(unit.run.runner, unit.sequence, unit.seed, unit.number, on_frame)
        return tracked, HERE
