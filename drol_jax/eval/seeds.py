"""Results folders of one tracker under several seeds, put together as one tracker."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from drol_jax.eval.comparing import compared
from drol_jax.eval.tracker_runs import TrackerRun
from drol_jax.report.columns import Numbers
from drol_jax.report.result import BenchmarkResult
from drol_jax.report.scores import Refusal, TrackerScores, mean_numbers, over_members
from drol_jax.results.runs import Timing

Timings = Mapping[str, Mapping[str, Timing]]
"""Cost of each sequence, all seeds together, by tracker and sequence."""


def by_run(result: BenchmarkResult, runs: Sequence[TrackerRun], timings: Timings) -> BenchmarkResult:
    """The result of results folders as one of trackers: means over seeds, and the first tracker against the others.

    Args:
      result: of one folder for each run and seed.
      runs: in the order in which they are shown.
    """
    by_folder = {scores.name: scores for scores in result.trackers}
    groups = {run.name: [by_folder[run.folder(seed)] for seed in run.seeds] for run in runs}
    whose = {run.folder(seed): (run.name, seed) for run in runs for seed in run.seeds}
    trackers = tuple(_together(run, groups[run.name], timings.get(run.name, {})) for run in runs)
    dialects = {name: _means(rows, runs) for name, rows in result.dialects.items()}
    refusals = tuple(_named(refusal, whose) for refusal in result.refusals)
    merged = replace(result, trackers=trackers, dialects=dialects, refusals=refusals)
    return compared(merged, groups)


def _together(run: TrackerRun, members: Sequence[TrackerScores], timings: Mapping[str, Timing]) -> TrackerScores:
    scores = members[0] if len(members) == 1 else over_members(run.name, tuple(members))
    return replace(scores, label=run.label, seeds=run.seeds, timings=timings)


def _means(rows: Mapping[str, Numbers], runs: Sequence[TrackerRun]) -> dict[str, Numbers]:
    """Means over seeds in one dialect, of the runs whose every seed has a number."""
    folders = {run.name: [run.folder(seed) for seed in run.seeds] for run in runs}
    return {
        name: mean_numbers([rows[folder] for folder in every])
        for name, every in folders.items()
        if all(folder in rows for folder in every)
    }


def _named(refusal: Refusal, whose: Mapping[str, tuple[str, int]]) -> Refusal:
    if refusal.tracker is None:
        return refusal
    tracker, seed = whose[refusal.tracker]
    return replace(refusal, tracker=tracker, seed=seed)
