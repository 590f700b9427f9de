"""One sequence under one tracker and seed: all its repetitions, each written as it ends. Needs no jax."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval.course import Course, Failure, Left, Ran
from drol_jax.eval.engines import Engine, Unit
from drol_jax.eval.running import SAME, OnFrame, Running
from drol_jax.eval.scorers import Scorer
from drol_jax.eval.shards import units
from drol_jax.eval.tracker_runs import TrackerRun
from drol_jax.image.depth import DeepFrame
from drol_jax.metrics.regions import FAILED
from drol_jax.results import Timing, Tracked, TrackerFolder
from drol_jax.results.ledger import Made
from drol_jax.system.atomic import write_text
from drol_jax.system.workers import Check

_OTHER = (
    "was tracked on another sequence of this name, of other images or another start; choose another --output, or pass "
    "--overwrite to replace it"
)


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


@dataclass(frozen=True, kw_only=True)
class Tracking:
    """How sequences are tracked, and who is told."""

    running: Running
    engine: Engine
    monitor: Monitor
    scorer: Scorer | None = None
    """Tells the monitor what a single pass scored; None tells nothing."""


def track(
    course: Course,
    how: Tracking,
    check: Check = lambda: None,
    *,
    wanted: Callable[[int], bool] = lambda unit: True,
    wait: bool = True,
) -> Ran | Failure | Left:
    """Track all repetitions of one sequence, but for those that are done, or under way in another process.

    Args:
      check: called with every frame; may raise KeyboardInterrupt.
      wanted: whether a unit, counted from 0, is this process's.
      wait: for runs that another process has claimed.

    Returns:
      What was done, or why it could not be.

    Raises:
      UserError: a file cannot be written.
    """
    bar = _Bar(course, how.monitor)
    course.folder.ledger.read()
    own = [
        one
        for k, one in enumerate(units(course.numbers, how.running, deterministic=course.run.deterministic))
        if wanted(k)
    ]
    if (path := course.of_other_data()) is not None:
        bar.end(f"failed: {_OTHER}")
        return Failure(course.sequence.name, course.run.name, course.seed, f"{path}: {_OTHER}")
    left = False
    for unit in own:
        if all(course.finished(number) for number in unit) or (unit[0] > SAME and course.enough()):
            bar.went_through(unit)
            continue
        mine = course.folder.claim(course.sequence.name, unit[0], check if wait else None)
        if mine is None:
            left = True
            continue
        with mine:
            trouble = _track(course, how, unit, bar, check)
        if trouble is not None:
            bar.end(f"failed: {trouble}")
            return Failure(course.sequence.name, course.run.name, course.seed, trouble)
    ran = course.settled()
    if ran is None:
        bar.drop(None if left else f"{len(own)} runs of this shard, tracked")
        return Left(course.sequence.name)
    verb = "tracked" if bar.tracked else "kept from an earlier run"
    bar.end(
        ", ".join([*_remarks(how.running, course.sequence, course.folder, ran, how.scorer), _speed(ran.timing), verb])
    )
    return ran


class _Bar:
    """The progress of one sequence, begun with the first of its runs."""

    def __init__(self, course: Course, monitor: Monitor):
        self.tracked = False
        """Something was tracked, not only found."""
        self._course, self._monitor = course, monitor
        self._progress: Progress | None = None
        self._before = 0

    def begin(self) -> Progress:
        if self._progress is None:
            course = self._course
            frames = sum(course.running.frames(course.sequence, number) for number in course.numbers)
            self._progress = self._monitor.begin(_what(course.run, course.seed, course.sequence.name), frames)
        return self._progress

    def frame(self, index: int) -> None:
        self.tracked = True
        self.begin().frame(self._before + index)

    def went_through(self, unit: tuple[int, ...]) -> None:
        self._before += sum(self._course.running.frames(self._course.sequence, number) for number in unit)

    def end(self, outcome: str) -> None:
        self.begin().end(outcome)

    def drop(self, outcome: str | None) -> None:
        """It is not at its end; None: and comes again."""
        if outcome is not None and self.tracked:
            self.end(outcome)
        elif self._progress is not None:
            self._progress.later()


def _track(course: Course, how: Tracking, unit: tuple[int, ...], bar: _Bar, check: Check) -> str | None:
    """One claimed unit, or why it cannot be. Only Ctrl-C goes through."""
    folder, name = course.folder, course.sequence.name
    for place, number in enumerate(unit):
        if course.finished(number) is not None:  # by another process, before this one had the claim
            continue
        if place:
            folder.repeat(name, unit[0], number)
            continue

        def on_frame(index: int) -> None:
            check()
            bar.frame(index)

        result = _tracked(course, how, number, on_frame)
        if isinstance(result, str):
            return result
        bar.tracked = True
        # Not caught here: a full disk ends the whole run, not this sequence.
        folder.write(name, result[0], number, result[1], data=course.data)
    bar.went_through(unit)
    return None


def _tracked(course: Course, how: Tracking, number: int, on_frame: OnFrame) -> tuple[Tracked, Made] | str:
    """One repetition, or why there is none."""
    log = course.folder.path / "errors" / f"{course.sequence.name}.txt"
    unit = Unit(run=course.run, seed=course.seed, sequence=course.sequence, number=number, running=course.running)
    try:
        tracked = how.engine.track(unit, on_frame)
    except UserError as error:
        return str(error)
    except Exception as error:  # no memory left, a fault of the program: the other sequences are not to blame
        log.parent.mkdir(exist_ok=True)
        write_text(log, traceback.format_exc())
        return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}; see {log}"
    log.unlink(missing_ok=True)
    return tracked


def _remarks(
    running: Running, sequence: datasets.Sequence, folder: TrackerFolder, ran: Ran, scorer: Scorer | None
) -> list[str]:
    """What there is to say about a sequence at once."""
    many = [f"{len(ran.numbers)} runs"] if len(ran.numbers) > 1 else []
    if isinstance(first := sequence.frames[0], DeepFrame):
        many.append(first.levels.words)
    if sequence.only_first_box:
        return [*many, "not scored"]
    if running.kind == "ope" and scorer is not None:
        return [*many, _score(sequence, folder, scorer)]
    if running.kind == "restart":
        lost = sum(len(folder.run(sequence.name, number).regions.frames_of(FAILED)) for number in ran.numbers)
        return [*many, f"{lost} failure{'' if lost == 1 else 's'}"]
    return many


def _score(sequence: datasets.Sequence, folder: TrackerFolder, scorer: Scorer) -> str:
    """The first measure of a single pass, from its file."""
    column = scorer.columns[0]
    try:
        value = scorer.numbers([scorer.judge(sequence, {1: folder.run(sequence.name)})])[column.key]
    except UserError as error:  # the dialect scores no such result
        return f"not scored: {error}"
    return f"{column.head} -" if value is None else f"{column.head} {value:.3f}"


def _what(run: TrackerRun, seed: int, sequence: str) -> str:
    return f"{sequence} {run.label}" + (f" seed {seed}" if len(run.seeds) > 1 else "")


def _speed(timing: Timing) -> str:
    rate = "no time measured" if timing.fps is None else f"{timing.fps:.1f} fps"
    return rate + (f" after {timing.compile_seconds:.1f} s of compilation" if timing.compile_seconds >= 0.05 else "")
