"""One sequence under one tracker and seed, and what came of it. Needs no jax."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from drol_jax import datasets
from drol_jax.eval.running import SAME, Running, data_of
from drol_jax.eval.tracker_runs import TrackerRun
from drol_jax.results.folder import TrackerFolder
from drol_jax.results.runs import Timing


@dataclass(frozen=True)
class Ran:
    """A sequence that one tracker went through under one seed, with all repetitions."""

    tracker: str
    seed: int
    sequence: str
    numbers: tuple[int, ...]
    """The repetitions, or anchors."""
    timing: Timing
    """Cost of all of them together."""


@dataclass(frozen=True)
class Failure:
    """A sequence that could not be tracked."""

    sequence: str
    tracker: str | None
    """None: the sequence itself could not be opened, so that no tracker went through it."""
    seed: int | None
    message: str


@dataclass(frozen=True)
class Left:
    """A sequence that is not finished: another process is at it, or it is another shard's."""

    sequence: str


@dataclass(frozen=True, kw_only=True)
class Course:
    """One sequence under one tracker and seed."""

    run: TrackerRun
    seed: int
    sequence: datasets.Sequence
    folder: TrackerFolder
    running: Running

    @cached_property
    def data(self) -> str:
        """Digest of what is tracked."""
        return data_of(self.sequence, self.running)

    def of_other_data(self) -> Path | None:
        """A finished run over another sequence of this name; None where there is none."""
        name = self.sequence.name
        others = (n for n in self.numbers if self.folder.of_other_data(name, self.data, n))
        return next((self.folder.path_of(name, number) for number in others), None)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The repetitions, or anchors."""
        return self.running.numbers(self.sequence, deterministic=self.run.deterministic)

    def finished(self, number: int) -> Timing | None:
        """What a finished run cost."""
        return self.folder.finished(self.sequence.name, self.running.frames(self.sequence, number), number)

    def enough(self) -> bool:
        """Whether as many equal repetitions are done as VOT's toolkit needs: every further one would be the same."""
        first = self.numbers[:SAME]
        if self.running.kind != "restart" or not all(self.finished(number) for number in first):
            return False
        return self.folder.same(self.sequence.name, first)

    def settled(self) -> Ran | None:
        """What is on disk of it, once all is, whoever did it; repetitions beyond what is enough are dropped."""
        numbers = self.numbers
        if len(numbers) > SAME and self.enough():
            self.folder.forget(self.sequence.name, numbers[SAME:])
            numbers = numbers[:SAME]
        done = [timing for number in numbers if (timing := self.finished(number)) is not None]
        if len(done) < len(numbers):
            return None
        return Ran(self.run.name, self.seed, self.sequence.name, numbers, Timing.total(done))
