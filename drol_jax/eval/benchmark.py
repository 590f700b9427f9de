"""The loop over sequences, trackers, seeds and repetitions. Needs no jax: trackers come from a `Backend`.

Every run over a sequence is written as it ends, so that the same command goes on where any stop, even a kill, left off.
All files then are byte for byte what an undisturbed run writes, but for those that hold wall-clock times:
``manifest.json``, ``*_time.txt``, ``*_time.value``, ``summary.*``, the notes in ``scores.json``, archives with times.
"""

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval.contestants import Contestant
from drol_jax.eval.running import SAME, Running
from drol_jax.eval.scorers import own_boxes
from drol_jax.metrics import ope
from drol_jax.metrics.regions import FAILED
from drol_jax.report.summary import Entrant, Failure
from drol_jax.results import Timing, Tracked, TrackerFolder, write_text

DATASET_SEED = 0
"""What Synth is rendered from: the benchmark is one and the same, only trackers are repeated under other seeds."""


class Monitor(Protocol):
    """Who is told how far the run is."""

    def begin(self, what: str, frames: int) -> None: ...
    def frame(self, index: int) -> None: ...
    def end(self, outcome: str) -> None: ...
    def skip(self, what: str, runs: int, reason: str) -> None: ...


class Interrupted(Exception):
    """Ctrl-C, after `done` of `total` runs; the finished ones are on disk."""

    def __init__(self, done: int, total: int):
        super().__init__(f"{done} of {total}")
        self.done, self.total = done, total


@dataclass(frozen=True)
class Ran:
    """A sequence that one entrant tracked under one seed, with all repetitions."""

    entrant: str
    seed: int
    sequence: str
    numbers: tuple[int, ...]
    """The repetitions, or anchors."""
    timing: Timing
    """Of all of them together."""
    scores: ope.Scores | None
    """Of a single pass whose truth is known."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Finished:
    """What is on disk after a run, and what could not be tracked."""

    dataset: str
    entries: tuple[datasets.SequenceEntry, ...]
    """Every sequence that was asked for, in order."""
    unscored: frozenset[str]
    """Names of those whose truth is the first box alone."""
    attributes: Mapping[str, tuple[str, ...]]
    contestants: tuple[Contestant, ...]
    folders: Mapping[tuple[str, int], TrackerFolder]
    """By entrant and seed."""
    runs: tuple[Ran, ...]
    failures: tuple[Failure, ...]


def run(
    dataset: str,
    entries: Sequence[datasets.SequenceEntry],
    contestants: Sequence[Contestant],
    output: Path,
    environment: Mapping[str, Any],
    monitor: Monitor,
    running: Running,
    *,
    overwrite: bool = False,
) -> Finished:
    """Track what is not tracked yet.

    Sequences are the outer loop, so that each is opened once and an interrupted run has tracked the same ones with
    every tracker. A sequence that cannot be opened or tracked is noted, and the others go on.

    Args:
      output: results go to ``<output>/<tracker>``.
      running: how a sequence is run.
      overwrite: track the given sequences again, and drop results of other settings.

    Raises:
      UserError: a results folder holds results of other settings, or cannot be written.
      Interrupted: Ctrl-C.
    """
    teams = [(contestant, seed) for contestant in contestants for seed in contestant.entrant.seeds]
    folders = [_open(output, dataset, *team, environment, running, overwrite=overwrite) for team in teams]
    if overwrite:
        for folder in folders:
            for entry in entries:
                folder.forget(entry.name)
    runs: list[Ran] = []
    failures: list[Failure] = []
    attributes: dict[str, tuple[str, ...]] = {}
    unscored: set[str] = set()
    try:
        for entry in entries:
            try:
                sequence = entry.open()
            except UserError as error:
                failures.append(Failure(entry.name, None, None, str(error)))
                monitor.skip(entry.name, len(teams), str(error))
                continue
            attributes[entry.name] = tuple(sequence.attributes)
            if sequence.only_first_box:
                unscored.add(entry.name)
            for (contestant, seed), folder in zip(teams, folders, strict=True):
                result = _one(contestant, seed, sequence, folder, monitor, running)
                if isinstance(result, Ran):
                    runs.append(result)
                else:
                    failures.append(result)
    except KeyboardInterrupt:
        raise Interrupted(len(runs), len(entries) * len(teams)) from None
    return Finished(
        dataset=dataset,
        entries=tuple(entries),
        unscored=frozenset(unscored),
        attributes=attributes,
        contestants=tuple(contestants),
        folders={(c.entrant.name, seed): folder for (c, seed), folder in zip(teams, folders, strict=True)},
        runs=tuple(runs),
        failures=tuple(failures),
    )


def _open(
    output: Path,
    dataset: str,
    contestant: Contestant,
    seed: int,
    environment: Mapping[str, Any],
    running: Running,
    *,
    overwrite: bool,
) -> TrackerFolder:
    tracker = contestant.tracker
    settings = {
        "dataset": {"name": dataset, "seed": DATASET_SEED},
        "tracker": contestant.entrant.name,
        "config": tracker.config,
        "hyper": tracker.hyper,
        "seed": seed,
        "weights_hash": tracker.weights_hash,
        # The number of repetitions may grow from one run to the next; plain one-pass runs need no word.
        **({} if running.kind == "ope" else {"protocol": running.kind}),
    }
    return TrackerFolder.open(
        output / contestant.folder(seed),
        settings,
        environment,
        overwrite=overwrite,
        form=running.form,
        experiment=running.experiment,
    )


def _one(
    contestant: Contestant,
    seed: int,
    sequence: datasets.Sequence,
    folder: TrackerFolder,
    monitor: Monitor,
    running: Running,
) -> Ran | Failure:
    """Track all repetitions of one sequence, but for those that are done."""
    entrant, name = contestant.entrant, sequence.name
    numbers = running.numbers(sequence, deterministic=contestant.deterministic)
    frames = [running.frames(sequence, number) for number in numbers]
    monitor.begin(_what(entrant, seed, name), sum(frames))
    done: list[Timing] = []
    tracked = False
    for number, length in zip(numbers, frames, strict=True):
        if running.kind == "restart" and len(done) == SAME and folder.same(name, numbers[:SAME]):
            break  # as VOT's toolkit: every further repetition would be the same
        timing = folder.finished(name, length, number)
        if timing is None:
            tracked = True
            if done and contestant.deterministic and running.kind != "multistart":
                timing = folder.repeat(name, numbers[0], number)
            else:
                before = sum(frames[: len(done)])
                result = _track(contestant, seed, sequence, number, folder, running, monitor, before)
                if isinstance(result, str):
                    monitor.end(f"failed: {result}")
                    return Failure(name, entrant.name, seed, result)
                # Not caught here: a full disk ends the whole run, not this sequence.
                timing = folder.write(name, result, number)
        done.append(timing)
    total = Timing.total(done)
    scores = None
    if running.kind == "ope" and not sequence.only_first_box:
        # From the file, whose numbers are rounded, so that a resumed run reports the same; in the file's own origin, as
        # the toolkits do.
        scores = ope.score(folder.run(name).regions.boxes, own_boxes(sequence), absent=sequence.absent)
    ran = Ran(entrant.name, seed, name, numbers[: len(done)], total, scores)
    verb = "tracked" if tracked else "kept from an earlier run"
    monitor.end(", ".join([*_remarks(running, sequence, folder, ran), speed(total), verb]))
    return ran


def _track(
    contestant: Contestant,
    seed: int,
    sequence: datasets.Sequence,
    number: int,
    folder: TrackerFolder,
    running: Running,
    monitor: Monitor,
    before: int,
) -> Tracked | str:
    """One repetition, or why there is none. Only Ctrl-C goes through."""
    log = folder.path / "errors" / f"{sequence.name}.txt"
    try:
        tracked = running.track(contestant.runner, sequence, seed, number, lambda index: monitor.frame(before + index))
    except UserError as error:
        return str(error)
    except Exception as error:  # no memory left, a fault of the program: the other sequences are not to blame
        log.parent.mkdir(exist_ok=True)
        write_text(log, traceback.format_exc())
        return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}; see {log}"
    log.unlink(missing_ok=True)
    return tracked


def _remarks(running: Running, sequence: datasets.Sequence, folder: TrackerFolder, ran: Ran) -> list[str]:
    """What there is to say about a sequence at once."""
    many = [f"{len(ran.numbers)} runs"] if len(ran.numbers) > 1 else []
    if ran.scores is not None:
        return [f"AUC {ran.scores.auc:.3f}"]
    if sequence.only_first_box:
        return [*many, "not scored"]
    if running.kind == "restart":
        lost = sum(len(folder.run(sequence.name, number).regions.frames_of(FAILED)) for number in ran.numbers)
        return [*many, f"{lost} failure{'' if lost == 1 else 's'}"]
    return many


def _what(entrant: Entrant, seed: int, sequence: str) -> str:
    return f"{sequence} {entrant.label}" + (f" seed {seed}" if len(entrant.seeds) > 1 else "")


def speed(timing: Timing) -> str:
    """Frames a second, and the compilation that is not part of it."""
    rate = f"{timing.frames / timing.seconds:.1f} fps" if timing.seconds > 0 else "no time measured"
    return rate + (f" after {timing.compile_seconds:.1f} s of compilation" if timing.compile_seconds >= 0.05 else "")
