"""The loop over sequences, trackers, seeds and repetitions. Needs no jax: trackers come from a `Backend`.

Every run over a sequence is written as it ends, so that the same command goes on where any stop, even a kill, left off.
All files then are byte for byte what an undisturbed run writes, but for those that hold wall-clock times:
``manifest.json``, ``*_time.txt``, ``*_time.value``, ``summary.*``, the notes in ``scores.json``, archives with times.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval.contestants import Contestant
from drol_jax.eval.running import Running
from drol_jax.eval.tracking import Monitor, Ran, track
from drol_jax.report.summary import Failure
from drol_jax.results import TrackerFolder

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
                result = track(contestant, seed, sequence, folder, monitor, running)
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
