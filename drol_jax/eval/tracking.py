"""One sequence under one tracker and seed: all its repetitions, each written as it ends. Needs no jax."""

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval.bars import Bar, Monitor
from drol_jax.eval.course import Course, Failure, Left, Ran
from drol_jax.eval.engines import Engine, Unit
from drol_jax.eval.runner import OnFrame
from drol_jax.eval.running import SAME, Running
from drol_jax.eval.scorers import Scorer
from drol_jax.eval.shards import units
from drol_jax.image.depth import DeepFrame
from drol_jax.metrics.regions import FAILED
from drol_jax.results.folder import TrackerFolder
from drol_jax.results.ledger import Made
from drol_jax.results.runs import Timing, Tracked
from drol_jax.system.atomic import delete, write_text
from drol_jax.system.workers import Check

_OTHER = (
    "was tracked on another sequence of this name, of other images or another start; choose another --output, or pass "
    "--overwrite to replace it"
)


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
    bar: Bar | None = None,
    wanted: Callable[[int], bool] = lambda unit: True,
    wait: bool = True,
) -> Ran | Failure | Left:
    """Track all repetitions of one sequence, but for those that are done, or under way in another thread or process.

    Args:
      check: called with every frame; may raise KeyboardInterrupt.
      bar: shared by the threads that are at this sequence.
      wanted: whether a unit, counted from 0, is this process's.
      wait: for runs that another thread or process has claimed.

    Returns:
      What was done, or why it could not be.

    Raises:
      UserError: a file cannot be written.
    """
    with bar or Bar(how.monitor) as bar:
        course.folder.ledger.read()
        every = units(course.numbers, how.running, deterministic=course.run.deterministic)
        own = [unit for place, unit in enumerate(every) if wanted(place)]
        if (path := course.of_other_data()) is not None:
            bar.end(course, f"failed: {_OTHER}")
            return Failure(course.sequence.name, course.run.name, course.seed, f"{path}: {_OTHER}")
        trouble = _track_all(course, how, own, bar, check, wait=wait)
        if trouble is not None:
            bar.end(course, f"failed: {trouble}")
            return Failure(course.sequence.name, course.run.name, course.seed, trouble)
        ran = course.settled()
        if ran is None:
            if bar.tracked and all(course.finished(number) for unit in own for number in unit):
                bar.end(course, f"{len(own)} runs of this shard, tracked")
            return Left(course.sequence.name)
        told = _remarks(how.running, course.sequence, course.folder, ran, how.scorer)
        verb = "tracked" if bar.tracked else _found(course, [unit[0] for unit in every if unit[0] in ran.numbers])
        bar.end(course, ", ".join([*told, _speed(ran.timing), verb]))
        return ran


def _found(course: Course, firsts: Sequence[int]) -> str:
    """Where runs come from that this process has not tracked.

    Args:
      firsts: numbers of the first run of each unit; the others of a unit are copies.
    """
    earlier = all(course.folder.was_there(course.sequence.name, number) for number in firsts)
    return "kept from an earlier run" if earlier else "done by another process"


def _track_all(
    course: Course, how: Tracking, own: Sequence[tuple[int, ...]], bar: Bar, check: Check, *, wait: bool
) -> str | None:
    """All units that nobody else is at, or why one of them cannot be."""
    for unit in own:
        if bar.ended:  # another thread has told how it ended
            break
        if all(course.finished(number) for number in unit) or (unit[0] > SAME and course.enough()):
            bar.went_through(course, unit, now=False)
            continue
        mine = course.folder.claim(course.sequence.name, unit[0], check if wait else None)
        if mine is None:
            continue
        with mine:
            trouble = _track(course, how, unit, bar, check)
        if trouble is not None:
            return trouble
    return None


def _track(course: Course, how: Tracking, unit: tuple[int, ...], bar: Bar, check: Check) -> str | None:
    """One claimed unit, or why it cannot be. Only Ctrl-C goes through."""
    folder, name, now = course.folder, course.sequence.name, False
    for place, number in enumerate(unit):
        if course.finished(number) is not None:  # by another process, before this one had the claim
            continue
        if place:
            folder.repeat(name, unit[0], number)
            continue

        def on_frame(index: int, number: int = number) -> None:
            check()
            bar.frame(course, number, index)

        result = _tracked(course, how, number, on_frame)
        if isinstance(result, str):
            return result
        bar.tracked = now = True
        # Not caught here: a full disk ends the whole run, not this sequence.
        folder.write(name, result[0], number, result[1], data=course.data)
    bar.went_through(course, unit, now=now)
    return None


def _tracked(course: Course, how: Tracking, number: int, on_frame: OnFrame) -> tuple[Tracked, Made] | str:
    """One repetition, or why there is none."""
    log = course.folder.path / "errors" / f"{course.sequence.name}.txt"
    unit = Unit(run=course.run, seed=course.seed, sequence=course.sequence, number=number, running=course.running)
    try:
        with how.monitor.working():
            tracked = how.engine.track(unit, on_frame)
    except UserError as error:
        return str(error)
    except Exception as error:  # no memory left, a fault of the program: the other sequences are not to blame
        log.parent.mkdir(exist_ok=True)
        write_text(log, traceback.format_exc())
        return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}; see {log}"
    delete(log)
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
    if running.kind == "r-ope":
        starts = folder.run(sequence.name).starts
        return [*many, f"started again {0 if starts is None else len(starts)} times"]
    return many


def _score(sequence: datasets.Sequence, folder: TrackerFolder, scorer: Scorer) -> str:
    """The first measure of a single pass, from its file."""
    column = scorer.columns[0]
    try:
        value = scorer.numbers([scorer.judge(sequence, {1: folder.run(sequence.name)})])[column.key]
    except UserError as error:  # the dialect scores no such result
        return f"not scored: {error}"
    return f"{column.head} -" if value is None else f"{column.head} {value:.3f}"


def _speed(timing: Timing) -> str:
    rate = "no time measured" if timing.fps is None else f"{timing.fps:.1f} fps"
    return rate + (f" after {timing.compile_seconds:.1f} s of compilation" if timing.compile_seconds >= 0.05 else "")
