"""The loop over sequences, trackers, seeds and repetitions. Needs no jax: trackers come from a `Backend`.

Every run over a sequence is written as it ends, so that the same command goes on where any stop, even a kill, left off.
All files then are byte for byte what an undisturbed run writes, but for those that hold wall-clock times:
``manifest.json``, ``*_time.txt``, ``*_time.value``, ``summary.*``, the notes in ``scores.json``, archives with times,
and ``report.html``, ``tables.md`` and ``tables.tex``, which tell frames a second.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drol_jax import datasets
from drol_jax.eval.bars import Monitor
from drol_jax.eval.course import Failure, Ran
from drol_jax.eval.engines import Engine, LocalEngine
from drol_jax.eval.field import Field
from drol_jax.eval.running import Running
from drol_jax.eval.scorers import Scorer
from drol_jax.eval.shards import Plan, Shard
from drol_jax.eval.tracker_runs import TrackerRun
from drol_jax.eval.tracking import Tracking
from drol_jax.results.folder import TrackerFolder
from drol_jax.system.atomic import clear_litter
from drol_jax.system.memory import give_back

DATASET_SEED = 0
"""What Synth is rendered from: the benchmark is one and the same, only trackers are repeated under other seeds."""


class Interrupted(Exception):
    """Ctrl-C, told as how many of the runs this process went through. All that is finished, by others too, stays."""

    def __init__(self, done: int, total: int):
        super().__init__(f"{done} of {total} runs were tracked or found finished by this command")


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
    left: int = 0
    """How many of the sequences x trackers x seeds are other shards', and not finished yet."""


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
    engine: Engine | None = None,
    shard: Shard | None = None,
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
      engine: does the work; the trackers' runners are for as many threads as it has workers. Default: this thread.
      shard: the part of all units that this process does; None for all. Whatever it is, a unit that another process
        has claimed is left to that, and waited for once all others are done.
      scorer: tells the monitor what each sequence scored.
      tell: is told of results that were set aside.
      root: where the dataset lies, whose name is recorded of one that drol_jax does not know by name.

    Raises:
      UserError: a results folder holds results of other settings, or of other code with `keep`; it cannot be written.
      Interrupted: Ctrl-C.
    """
    plan = Plan.of(entries, trackers, running, shard)
    named = _named(dataset, root)
    engine = engine or LocalEngine()
    engine.expect(entries)
    how = Tracking(running=running, engine=engine, monitor=monitor, scorer=scorer)
    folders: list[TrackerFolder] = []
    try:
        for tracker, seed in plan.teams:
            place = output / tracker.folder(seed)
            folders.append(_open(place, named, tracker, seed, environment, running, overwrite=overwrite, keep=keep))
        _prepare(output, folders, tell, environment_counts=engine.is_here)
        if overwrite:
            _forget(entries, plan, folders)
        field = Field(entries, plan, folders, how)
        try:
            field.track()
        except KeyboardInterrupt:
            raise Interrupted(len(field.ran), len(plan.jobs)) from None
    finally:
        for folder in folders:
            folder.close()
    give_back()  # also for callers with no backend to finish: what follows, a report, takes much by itself
    return Finished(
        dataset=dataset,
        entries=tuple(entries),
        unscored=frozenset(field.unscored),
        trackers=tuple(trackers),
        folders={(run.name, seed): folder for (run, seed), folder in zip(plan.teams, folders, strict=True)},
        ran=field.ran,
        failures=field.failures,
        left=field.left,
    )


def _prepare(
    output: Path, folders: Sequence[TrackerFolder], tell: Callable[[str], None], *, environment_counts: bool
) -> None:
    """Tell of results that were set aside or, where this process tracks, made elsewhere, and clear away what killed
    processes left."""
    for words in (folder.set_aside for folder in folders):
        if words is not None:
            tell(words)
    clear_litter(output)
    for folder in folders:
        if environment_counts and (unlike := folder.ledger.unlike()):
            told = "results that are kept there were made under others; --overwrite tracks all again"
            tell(f"note: {folder.path}: {unlike}: {told}")


def _forget(entries: Sequence[datasets.SequenceEntry], plan: Plan, folders: Sequence[TrackerFolder]) -> None:
    """Forget the runs that are to be tracked again: all, or a shard's own."""
    if plan.shard is None:
        for folder in folders:
            with folder.ledger.alone():
                for entry in entries:
                    folder.forget(entry.name)
        return
    for index, team in plan.jobs:
        folder = folders[team]
        for place, number in enumerate(folder.numbers(entries[index].name)):
            if plan.has((index, team), place):
                folder.forget(entries[index].name, [number])


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
        # Ours with what it leaves to the device: machines that decide otherwise may share the folder.
        "config": getattr(tracker, "settings", tracker).config,
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
