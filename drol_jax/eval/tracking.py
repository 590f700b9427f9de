"""One sequence under one tracker and seed: all its repetitions, each written as it ends. Needs no jax."""

import traceback
from dataclasses import dataclass
from typing import Protocol

from drol_jax import datasets
from drol_jax.datasets.sequence import digest
from drol_jax.errors import UserError
from drol_jax.eval.running import SAME, OnFrame, Running
from drol_jax.eval.scorers import Scorer
from drol_jax.eval.tracker_runs import TrackerRun
from drol_jax.image.depth import DeepFrame
from drol_jax.metrics.regions import FAILED
from drol_jax.results import Timing, Tracked, TrackerFolder
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


class Monitor(Protocol):
    """Who is told how far the run is, from any thread."""

    def begin(self, what: str, frames: int) -> Progress: ...
    def skip(self, what: str, runs: int, reason: str) -> None: ...


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


def track(
    run: TrackerRun,
    seed: int,
    sequence: datasets.Sequence,
    folder: TrackerFolder,
    monitor: Monitor,
    running: Running,
    check: Check = lambda: None,
    scorer: Scorer | None = None,
) -> Ran | Failure:
    """Track all repetitions of one sequence, but for those that are done.

    Args:
      check: called with every frame; may raise KeyboardInterrupt.
      scorer: tells the monitor what a single pass scored; None tells nothing.

    Returns:
      What was done, or why it could not be.

    Raises:
      UserError: a file cannot be written.
    """
    name, data = sequence.name, digest(sequence, whole=running.kind in ("restart", "multistart"))
    numbers = running.numbers(sequence, deterministic=run.deterministic)
    frames = [running.frames(sequence, number) for number in numbers]
    progress = monitor.begin(_what(run, seed, name), sum(frames))
    done: list[Timing] = []
    tracked = False
    for number, length in zip(numbers, frames, strict=True):
        if running.kind == "restart" and len(done) == SAME and folder.same(name, numbers[:SAME]):
            break  # as VOT's toolkit: every further repetition would be the same
        if folder.of_other_data(name, data, number):
            progress.end(f"failed: {_OTHER}")
            return Failure(name, run.name, seed, f"{folder.path_of(name, number)}: {_OTHER}")
        timing = folder.finished(name, length, number)
        if timing is None:
            tracked = True
            if done and run.deterministic and running.kind != "multistart":
                timing = folder.repeat(name, numbers[0], number)
            else:

                def on_frame(index: int, before: int = sum(frames[: len(done)])) -> None:
                    check()
                    progress.frame(before + index)

                result = _track(run, seed, sequence, number, folder, running, on_frame)
                if isinstance(result, str):
                    progress.end(f"failed: {result}")
                    return Failure(name, run.name, seed, result)
                # Not caught here: a full disk ends the whole run, not this sequence.
                timing = folder.write(name, result, number, data=data)
        done.append(timing)
    total = Timing.total(done)
    ran = Ran(run.name, seed, name, numbers[: len(done)], total)
    verb = "tracked" if tracked else "kept from an earlier run"
    progress.end(", ".join([*_remarks(running, sequence, folder, ran, scorer), _speed(total), verb]))
    return ran


def _track(
    run: TrackerRun,
    seed: int,
    sequence: datasets.Sequence,
    number: int,
    folder: TrackerFolder,
    running: Running,
    on_frame: OnFrame,
) -> Tracked | str:
    """One repetition, or why there is none. Only Ctrl-C goes through."""
    log = folder.path / "errors" / f"{sequence.name}.txt"
    try:
        tracked = running.track(run.runner, sequence, seed, number, on_frame)
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
