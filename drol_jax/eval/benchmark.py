"""The loop over sequences, trackers, seeds and repetitions. Needs no jax: trackers come from a `Backend`.

Every run over a sequence is written as it ends, so that the same command goes on where any stop, even a kill, left off.
All files then are byte for byte what an undisturbed run writes, but for those that hold wall-clock times:
``manifest.json``, ``*_time.txt``, ``*_time.value``, ``summary.*``, the notes in ``scores.json``, archives with times,
and ``report.html``, ``tables.md`` and ``tables.tex``, which tell frames a second.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval.running import Running
from drol_jax.eval.scorers import Scorer
from drol_jax.eval.tracker_runs import TrackerRun
from drol_jax.eval.tracking import Failure, Monitor, Ran, track
from drol_jax.results import TrackerFolder
from drol_jax.system.atomic import clear_litter
from drol_jax.system.lock import alone
from drol_jax.system.workers import Check, work_off

DATASET_SEED = 0
"""What Synth is rendered from: the benchmark is one and the same, only trackers are repeated under other seeds."""


class Interrupted(Exception):
    """Ctrl-C, after `done` of `total` runs; the finished ones are on disk."""

    def __init__(self, done: int, total: int):
        super().__init__(f"{done} of {total}")
        self.done, self.total = done, total


@dataclass(frozen=True, kw_only=True, eq=False)
class Finished:
    """What is on disk after a run, and what could not be tracked."""

    dataset: str
    entries: tuple[datasets.SequenceEntry, ...]
    """Every sequence that was asked for, in order."""
    unscored: frozenset[str]
    """Names of those whose groundtruth is the first box alone."""
    trackers: tuple[TrackerRun, ...]
    folders: Mapping[tuple[str, int], TrackerFolder]
    """Results folders by tracker and seed."""
    ran: tuple[Ran, ...]
    """Everything that was tracked, now or earlier."""
    failures: tuple[Failure, ...]


def run(
    dataset: str,
    entries: Sequence[datasets.SequenceEntry],
    trackers: Sequence[TrackerRun],
    output: Path,
    environment: Mapping[str, Any],
    monitor: Monitor,
    running: Running,
    *,
    overwrite: bool = False,
    keep: bool = False,
    lanes: int = 1,
    scorer: Scorer | None = None,
    tell: Callable[[str], None] = warnings.warn,
    root: Path | None = None,
) -> Finished:
    """Track what is not tracked yet.

    Sequences are the outer loop, so that each is opened once and an interrupted run has tracked the same ones with
    every tracker. A sequence that cannot be opened or tracked is noted, and the others go on.

    Args:
      output: results go to ``<output>/<tracker>``.
      running: how a sequence is run.
      overwrite: track the given sequences again, and drop results of other settings.
      keep: refuse results of other code instead of setting them aside and tracking anew.
      lanes: how many runs are under way at once; the trackers' runners are for as many threads.
      scorer: tells the monitor what each sequence scored.
      tell: is told of results that were set aside.
      root: where the dataset lies, whose name is recorded of one that drol_jax does not know by name.

    Raises:
      UserError: a results folder holds results of other settings, or of other code with `keep`; another run is writing
        to it; it cannot be written.
      Interrupted: Ctrl-C.
    """
    teams = [(tracker, seed) for tracker in trackers for seed in tracker.seeds]
    named = _named(dataset, root)
    with ExitStack() as held:
        folders: list[TrackerFolder] = []
        for run, seed in teams:
            place = output / run.folder(seed)
            held.enter_context(alone(place))
            folder = _open(place, named, run, seed, environment, running, overwrite=overwrite, keep=keep)
            folders.append(folder)
            if folder.set_aside is not None:  # with the folder that was held; a new one took its place
                tell(folder.set_aside)
                held.enter_context(alone(place))
        clear_litter(output)
        if overwrite:
            for folder in folders:
                for entry in entries:
                    folder.forget(entry.name)
        for folder in folders:
            if unlike := folder.unlike():
                told = "results that are kept there were made under others; --overwrite tracks all again"
                tell(f"note: {folder.path}: {unlike}: {told}")
        field = _Field(entries, list(zip(teams, folders, strict=True)), monitor, running, scorer)
        try:
            work_off(field.track, field.order(lanes), lanes)
        except KeyboardInterrupt:
            raise Interrupted(len(field.ran), len(entries) * len(teams)) from None
    return Finished(
        dataset=dataset,
        entries=tuple(entries),
        unscored=frozenset(field.unscored),
        trackers=tuple(trackers),
        folders={(run.name, seed): folder for (run, seed), folder in zip(teams, folders, strict=True)},
        ran=field.ran,
        failures=field.failures,
    )


class _Field:
    """What is to be tracked, and what has become of it. Threads may share it."""

    def __init__(
        self,
        entries: Sequence[datasets.SequenceEntry],
        teams: list[tuple[tuple[TrackerRun, int], TrackerFolder]],
        monitor: Monitor,
        running: Running,
        scorer: Scorer | None,
    ):
        self.unscored: set[str] = set()
        self._entries, self._teams, self._monitor, self._running = entries, teams, monitor, running
        self._scorer = scorer
        self._outcomes: dict[tuple[int, int], Ran | Failure] = {}
        self._lock = Lock()
        self._opened: dict[int, datasets.Sequence | None] = {}
        self._left = [len(teams)] * len(entries)

    @property
    def ran(self) -> tuple[Ran, ...]:
        """Finished runs in the order of the sequences, whatever order they ended in."""
        return tuple(o for _, o in sorted(self._outcomes.items()) if isinstance(o, Ran))

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Failures in the same order."""
        return tuple(o for _, o in sorted(self._outcomes.items()) if isinstance(o, Failure))

    def order(self, lanes: int) -> list[tuple[int, int]]:
        """Sequences and teams as they are begun.

        With several lanes a few sequences under one tracker, then the same under the next, so that at most times all
        lanes are of one tracker.
        """
        block = 1 if lanes == 1 else 4 * lanes
        indices = range(len(self._entries))
        return [
            (entry, team)
            for start in indices[::block]
            for team in range(len(self._teams))
            for entry in indices[start : start + block]
        ]

    def track(self, job: tuple[int, int], check: Check) -> None:
        """One sequence under one tracker and seed."""
        index, team = job
        sequence = self._open(index)
        if sequence is not None:
            (run, seed), folder = self._teams[team]
            self._outcomes[job] = track(run, seed, sequence, folder, self._monitor, self._running, check, self._scorer)
        with self._lock:
            self._left[index] -= 1
            if not self._left[index]:  # annotations of a large benchmark take much memory
                del self._opened[index]

    def _open(self, index: int) -> datasets.Sequence | None:
        """A sequence, opened once for all teams; None where it cannot be, which is told of once."""
        with self._lock:
            if index not in self._opened:
                entry = self._entries[index]
                self._opened[index] = None
                try:
                    sequence = self._opened[index] = entry.open()
                except UserError as error:
                    self._outcomes[index, 0] = Failure(entry.name, None, None, str(error))
                    self._monitor.skip(entry.name, len(self._teams), str(error))
                else:
                    if sequence.only_first_box:
                        self.unscored.add(entry.name)
            return self._opened[index]


def _named(dataset: str, root: Path | None) -> dict[str, Any]:
    """What tells a dataset from others: sequences of another folder may have the same names."""
    told: dict[str, Any] = {"name": datasets.title(dataset), "seed": DATASET_SEED}
    if datasets.is_own(dataset) and root is not None and not dataset.endswith(".json"):
        told["root"] = root.resolve().name
    return told


def _open(
    place: Path,
    dataset: Mapping[str, Any],
    run: TrackerRun,
    seed: int,
    environment: Mapping[str, Any],
    running: Running,
    *,
    overwrite: bool,
    keep: bool,
) -> TrackerFolder:
    tracker = run.tracker
    settings = {
        "dataset": dataset,
        "tracker": run.name,
        "config": tracker.config,
        "hyper": tracker.hyper,
        "seed": seed,
        "weights_hash": tracker.weights_hash,
        # The number of repetitions may grow from one run to the next; plain one-pass runs need no word.
        **({} if running.kind == "ope" else {"protocol": running.kind}),
        **({} if run.perturbation is None else {"perturbation": run.perturbation}),
    }
    return TrackerFolder.open(
        place,
        settings,
        environment,
        overwrite=overwrite,
        keep=keep,
        form=running.form,
        experiment=running.experiment,
    )
