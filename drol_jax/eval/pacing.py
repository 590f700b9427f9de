"""How many lanes: a few numbers are tried where the work begins, and the quickest for all of it is taken. Needs no jax.

What is tried is the work itself, the first frames of the first sequence that is to be tracked, in every lane at once,
decoding included. It is thrown away: that sequence is tracked from its start like all others.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, TypeVar

import numpy as np

from drol_jax import datasets
from drol_jax.errors import UserError, reason
from drol_jax.eval.engines import Unit
from drol_jax.eval.runner import OnFrame, Runner
from drol_jax.eval.segments import segment_of
from drol_jax.results.ledger import HERE, Made
from drol_jax.results.runs import Tracked
from drol_jax.system.workers import Check, work_off

T = TypeVar("T")

TURNS = 2
"""How often each number is tried; its best time counts, as all else that a machine does makes times longer."""
MOST = 32
"""Lanes at most."""
GAIN = 1.05
"""By how much more lanes have to be quicker: to be taken for less, times are not sure enough."""


class LanedRunner(Runner, Protocol):
    """What can run in several lanes; `drol_jax.running.sequences.LockstepRunner` is one."""

    def with_lanes(self, lanes: int) -> Runner:
        """The same tracker in so many lanes."""
        ...

    def lanes_to_try(self, most: int) -> tuple[int, ...]:
        """Numbers of lanes that may be the quickest, of up to `most`; 1 is the first."""
        ...

    @property
    def trial(self) -> int:
        """Frames from which a rate is told."""
        ...


def seconds_for(lanes: int, rates: Mapping[int, float], lengths: Sequence[int]) -> float:
    """Seconds that so many lanes take for sequences, the longest begun first, as far as can be foreseen.

    Args:
      rates: frames/s of all lanes together, by their number.
      lengths: frames of each sequence.
    """
    # However many lanes there are, one of them is at the longest sequence.
    return max(sum(lengths), max(lengths) * lanes) / rates[lanes]


def quickest(rates: Mapping[int, float], lengths: Sequence[int]) -> int:
    """The number of lanes that takes least for sequences: 1 unless others are surely quicker. As `seconds_for`."""
    best = 1
    for lanes in sorted(rates):
        if seconds_for(best, rates, lengths) > GAIN * seconds_for(lanes, rates, lengths):
            best = lanes
    return best


def rate(runner: Runner, lanes: int, sequence: datasets.Sequence, seed: int, on_frame: OnFrame) -> float:
    """Frames/s that lanes follow together, all over the same frames, from when each of them has begun.

    Raises:
      UserError: what the runner raises.
    """
    clock: list[float] = []
    begun = threading.Barrier(lanes, action=lambda: clock.append(time.perf_counter()))

    def one(_: int, check: Check) -> None:
        def told(index: int) -> None:
            check()
            on_frame(0)
            if index == 0:
                begun.wait()

        try:
            runner.run(sequence, seed, told)
        except BaseException:
            begun.abort()
            raise

    work_off(one, range(lanes), lanes)
    return lanes * (len(sequence) - 1) / (time.perf_counter() - clock[0])


def rates(
    runner: LanedRunner,
    numbers: Sequence[int],
    sequence: datasets.Sequence,
    seed: int,
    on_frame: OnFrame,
    tell: Callable[[str], None],
) -> dict[int, float]:
    """Frames/s by number of lanes, in turns, compilation left out.

    A number that fails, for want of memory for instance, is left out, and all after it, which is told; one lane may
    not fail.

    Raises:
      UserError: what the runner raises.
    """
    first = segment_of(sequence, np.arange(min(2, len(sequence))))
    part = segment_of(sequence, np.arange(min(runner.trial + 1, len(sequence))))
    runners: dict[int, Runner] = {}
    for lanes in numbers:
        try:
            runners[lanes] = runner.with_lanes(lanes)
            rate(runners[lanes], lanes, first, seed, on_frame)  # compiles
        except UserError:
            raise
        except Exception as error:  # want of memory comes as several kinds
            if lanes == 1:
                raise
            runners.pop(lanes, None)
            tell(f"--lanes auto: {lanes} lanes and more are left out: {type(error).__name__}: {reason(error)}")
            break
    found = dict.fromkeys(runners, 0.0)
    for _ in range(TURNS):
        for lanes, one in runners.items():
            found[lanes] = max(found[lanes], rate(one, lanes, part, seed, on_frame))
    return found


class PacedEngine:
    """As `engines.LocalEngine`, with as many lanes as are quickest: one until the first unit is tracked, which tells.

    Nothing is tried where all is tracked already.
    """

    is_here = True

    def __init__(
        self,
        tell: Callable[[str], None],
        measure: Callable[..., Mapping[int, float]] | None = None,
        most: int = MOST,
    ):
        """Prepare.

        Args:
          tell: is told what was chosen, and why.
          measure: in place of `rates`.
          most: lanes at most.
        """
        self.lanes: int | None = None
        """None until they are chosen."""
        self._tell, self._measure, self._most = tell, measure or partial(rates, tell=tell), most
        self._entries: Sequence[datasets.SequenceEntry] = ()
        self._jobs = 1
        self._runners: dict[int, Runner] = {}
        self._choosing = threading.Lock()
        self._may = threading.Semaphore(1)

    @property
    def workers(self) -> int:
        """How many units are under way at once, at most."""
        return self.lanes or self._most

    def expect(self, entries: Sequence[datasets.SequenceEntry]) -> None:
        """Hear what is going to be tracked."""
        self._entries = entries

    def work_off(self, work: Callable[[T, Check], None], jobs: Sequence[T]) -> None:
        """Do all jobs, as many at a time as there are lanes; as `system.workers.work_off`."""
        self._jobs = max(1, len(jobs))

        def permitted(job: T, check: Check) -> None:
            with self._may:
                work(job, check)

        work_off(permitted, jobs, min(self.workers, self._jobs))

    def track(self, unit: Unit, on_frame: OnFrame) -> tuple[Tracked, Made]:
        """Do a unit, in the caller's thread; the first one after lanes were tried over its frames."""
        with self._choosing:
            if self.lanes is None:
                self._choose(unit, on_frame)
            runner = self._laned(unit.run.runner)
        return unit.running.track(runner, unit.sequence, unit.seed, unit.number, on_frame), HERE

    def _choose(self, unit: Unit, on_frame: OnFrame) -> None:
        runner: Any = unit.run.runner
        lengths = self._lengths() or [len(unit.sequence)]
        numbers = runner.lanes_to_try(min(self._jobs, self._most))
        found = self._measure(runner, numbers, unit.sequence, unit.seed, on_frame) if len(numbers) > 1 else {}
        lanes = quickest(found, lengths) if found else 1
        for _ in range(lanes - 1):
            self._may.release()
        self.lanes = lanes
        rates = ", ".join(f"{number}: {rate:.0f} frames/s" for number, rate in found.items())
        self._tell(f"--lanes auto: {lanes}" + (f" ({rates})" if found else ", as there is nothing to choose from"))

    def _lengths(self) -> list[int]:
        """Frames of the sequences that can be opened."""
        found = []
        for entry in self._entries:
            with suppress(UserError):  # told of when its turn comes
                found.append(len(entry.open()))
        return found

    def _laned(self, runner: Any) -> Runner:
        """A tracker's runner in as many lanes as were chosen, one for all of its units."""
        if id(runner) not in self._runners:
            self._runners[id(runner)] = runner.with_lanes(self.lanes)
        return self._runners[id(runner)]
