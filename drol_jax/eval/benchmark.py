"""The loop over sequences, trackers and seeds. Needs no jax: trackers come from a `Backend`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval.scorers import own_boxes
from drol_jax.metrics import ope
from drol_jax.report.summary import Entrant, Failure, Outcome, Summary
from drol_jax.results import Timing, TrackerFolder

if TYPE_CHECKING:  # these import jax, which tests of the loop do not need
    from drol_jax.run import Trajectory

DATASET_SEED = 0
"""What Synth is rendered from: the benchmark is one and the same, only trackers are repeated under other seeds."""


class Tracker(Protocol):
    """What identifies a tracker; `drol_jax.Tracker` is one."""

    @property
    def name(self) -> str: ...
    @property
    def config(self) -> Any: ...
    @property
    def hyper(self) -> Any: ...
    @property
    def seed(self) -> int: ...
    @property
    def weights_hash(self) -> str: ...


class Runner(Protocol):
    """What tracks a sequence; `drol_jax.run.Runner` is one."""

    def run(
        self, sequence: datasets.Sequence, seed: int, on_frame: Callable[[int], None] | None = None
    ) -> "Trajectory": ...


class Backend(Protocol):
    """Where trackers come from."""

    def load(self, config: str, weights: str | None, *, online: bool | None) -> tuple[Tracker, Runner]: ...
    def environment(self) -> Mapping[str, Any]: ...


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


@dataclass(frozen=True, eq=False)
class Contestant:
    """An entrant with what it takes to run it."""

    entrant: Entrant
    tracker: Tracker
    runner: Runner

    def folder(self, seed: int) -> str:
        """Name of the results folder under one seed."""
        return self.entrant.name if len(self.entrant.seeds) == 1 else f"{self.entrant.name}_s{seed}"


def enter(backend: Backend, config: str, weights: str | None, *, baseline: bool, seeds: int) -> list[Contestant]:
    """Load the tracker and, where asked for, the same one without the online subnet.

    Args:
      seeds: how many, counted up from the configuration's own. The baseline draws nothing at random: it gets one.

    Raises:
      UserError: what loading raises; seeds < 1; a baseline of a tracker that has no online subnet.
    """
    if seeds < 1:
        raise UserError(f"--seeds {seeds}: at least one seed is needed; pass --seeds 1 or more")
    tracker, runner = backend.load(config, weights, online=None)
    online = tracker.config.online.enabled
    if baseline and not online:
        raise UserError(f"configuration {tracker.name} has no online subnet to switch off; drop --baseline")
    entrant = Entrant(tracker.name, "DROL" if online else "Siam", tuple(range(tracker.seed, tracker.seed + seeds)))
    contestants = [Contestant(entrant, tracker, runner)]
    if baseline:
        off, runner = backend.load(config, weights, online=False)
        contestants.append(Contestant(Entrant(f"{tracker.name}_baseline", "base", (off.seed,)), off, runner))
    return contestants


def run(
    dataset: str,
    entries: Sequence[datasets.SequenceEntry],
    contestants: Sequence[Contestant],
    output: Path,
    environment: Mapping[str, Any],
    monitor: Monitor,
    *,
    overwrite: bool = False,
) -> Summary:
    """Track what is not tracked yet, then score everything from the files.

    Sequences are the outer loop, so that each is opened once and an interrupted run has tracked the same ones with
    every tracker. A sequence that cannot be opened or tracked is noted, and the others go on. One whose truth is its
    first box alone is tracked but not scored, and left out of the summary.

    Args:
      output: results go to ``<output>/<dataset>/<tracker>``.
      overwrite: track the given sequences again, and drop results of other settings.

    Raises:
      UserError: a results folder holds results of other settings, or cannot be written.
      Interrupted: Ctrl-C.
    """
    runs = [(contestant, seed) for contestant in contestants for seed in contestant.entrant.seeds]
    folders = [_open(output / dataset, dataset, *run, environment, overwrite=overwrite) for run in runs]
    if overwrite:
        for folder in folders:
            for entry in entries:
                folder.forget(entry.name)
    outcomes: list[Outcome] = []
    failures: list[Failure] = []
    attributes: dict[str, tuple[str, ...]] = {}
    unscored: list[str] = []
    try:
        for entry in entries:
            try:
                sequence = entry.open()
            except UserError as error:
                failures.append(Failure(entry.name, None, None, str(error)))
                monitor.skip(entry.name, len(runs), str(error))
                continue
            attributes[entry.name] = tuple(sequence.attributes)
            for (contestant, seed), folder in zip(runs, folders, strict=True):
                result = _one(contestant, seed, entry.name, sequence, folder, monitor)
                if isinstance(result, Outcome):
                    outcomes.append(result)
                elif result is not None:
                    failures.append(result)
                else:
                    unscored.append(entry.name)
    except KeyboardInterrupt:
        raise Interrupted(len(outcomes) + len(unscored), len(entries) * len(runs)) from None
    return Summary(
        dataset=dataset,
        sequences=tuple(entry.name for entry in entries if entry.name not in unscored),
        attributes=attributes,
        entrants=tuple(contestant.entrant for contestant in contestants),
        outcomes=tuple(outcomes),
        failures=tuple(failures),
    )


def _open(
    root: Path, dataset: str, contestant: Contestant, seed: int, environment: Mapping[str, Any], *, overwrite: bool
) -> TrackerFolder:
    tracker = contestant.tracker
    settings = {
        "dataset": {"name": dataset, "seed": DATASET_SEED},
        "tracker": contestant.entrant.name,
        "config": tracker.config,
        "hyper": tracker.hyper,
        "seed": seed,
        "weights_hash": tracker.weights_hash,
    }
    return TrackerFolder.open(root / contestant.folder(seed), settings, environment, overwrite=overwrite)


def _one(
    contestant: Contestant,
    seed: int,
    name: str,
    sequence: datasets.Sequence,
    folder: TrackerFolder,
    monitor: Monitor,
) -> Outcome | Failure | None:
    """Track one sequence, unless it is done, and score it; None where there is nothing to score it by."""
    entrant, frames = contestant.entrant, len(sequence.boxes)
    timing = folder.finished(name, frames)
    monitor.begin(_what(entrant, seed, name), frames)
    if timing is None:
        try:
            trajectory = contestant.runner.run(sequence, seed, monitor.frame)
        except UserError as error:
            monitor.end(f"failed: {error}")
            return Failure(name, entrant.name, seed, str(error))
        # Out of the try: a full disk ends the whole run, not this sequence.
        timing, verb = folder.save(name, trajectory, sequence.origin), "tracked"
    else:
        verb = "kept from an earlier run"
    if sequence.only_first_box:
        monitor.end(f"{_speed(timing)}, {verb}, not scored")
        return None
    # Scored from the file, whose numbers are rounded, so that a resumed run reports the same; in the file's own
    # origin, as the toolkits do.
    scores = ope.score(folder.boxes(name), own_boxes(sequence), absent=sequence.absent)
    monitor.end(f"AUC {scores.auc:.3f}, {_speed(timing)}, {verb}")
    return Outcome(entrant.name, seed, name, scores, timing)


def _what(entrant: Entrant, seed: int, sequence: str) -> str:
    return f"{sequence} {entrant.label}" + (f" seed {seed}" if len(entrant.seeds) > 1 else "")


def _speed(timing: Timing) -> str:
    rate = f"{timing.frames / timing.seconds:.1f} fps" if timing.seconds > 0 else "no time measured"
    return rate + (f" after {timing.compile_seconds:.1f} s of compilation" if timing.compile_seconds >= 0.05 else "")
