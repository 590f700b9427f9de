"""The progress of one sequence under one tracker and seed, whose runs several threads may be at."""

from contextlib import AbstractContextManager
from threading import Lock
from typing import Protocol, Self

from drol_jax.eval.course import Course
from drol_jax.eval.tracker_runs import TrackerRun


class Progress(Protocol):
    """Who is told how far one sequence is."""

    def frame(self, index: int) -> None: ...
    def end(self, outcome: str) -> None: ...
    def later(self) -> None:
        """It comes again: another process is at the rest of it."""
        ...


class Monitor(Protocol):
    """Who is told how far the run is, from any thread."""

    def begin(self, what: str, frames: int) -> Progress: ...
    def skip(self, what: str, runs: int, reason: str) -> None: ...
    def working(self) -> AbstractContextManager[None]:
        """A part in which one more worker is at a run."""
        ...

    def went(self, frames: int) -> None:
        """Frames were tracked, now."""
        ...


class Bar:
    """Begun with the first of a sequence's runs; each thread that is at some holds it by `with`."""

    def __init__(self, monitor: Monitor, *, tracked: bool = False):
        self.tracked = tracked
        """Something was tracked by this process, not only found."""
        self.ended = False
        self._monitor, self._lock = monitor, Lock()
        self._progress: Progress | None = None
        self._frames: dict[int, int] = {}
        self._holders = 0

    def __enter__(self) -> Self:
        with self._lock:
            self._holders += 1
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._holders -= 1
            if not self._holders and not self.ended and self._progress is not None:
                self._progress.later()
                self._progress = None

    def frame(self, course: Course, number: int, index: int) -> None:
        """A frame of one of the runs, counted from 0."""
        with self._lock:
            self.tracked = True
            self._monitor.went(index + 1 - self._frames.get(number, 0))
            self._frames[number] = index + 1
            self._begun(course).frame(sum(self._frames.values()) - 1)

    def went_through(self, course: Course, unit: tuple[int, ...], *, now: bool) -> None:
        """Whole runs, by their numbers; the first of them was tracked just now, or not."""
        with self._lock:
            if now:
                first = unit[0]
                self._monitor.went(course.running.frames(course.sequence, first) - self._frames.get(first, 0))
            self._frames |= {number: course.running.frames(course.sequence, number) for number in unit}
            if self._progress is not None and not self.ended:
                self._progress.frame(sum(self._frames.values()) - 1)

    def end(self, course: Course, outcome: str) -> None:
        """Tell what came of all runs, once."""
        with self._lock:
            if not self.ended:
                self.ended = True
                self._begun(course).end(outcome)

    def _begun(self, course: Course) -> Progress:
        if self._progress is None:
            frames = sum(course.running.frames(course.sequence, number) for number in course.numbers)
            self._progress = self._monitor.begin(_what(course.run, course.seed, course.sequence.name), frames)
        return self._progress


def _what(run: TrackerRun, seed: int, sequence: str) -> str:
    return f"{sequence} {run.label}" + (f" seed {seed}" if len(run.seeds) > 1 else "")
