"""What a finished run came to: its result, scored from the files that it wrote, shown and written."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval.benchmark import Finished
from drol_jax.eval.own_metrics import Metrics
from drol_jax.eval.protocols import SCORED_AS
from drol_jax.eval.reporting import write_report
from drol_jax.eval.runner import Kind
from drol_jax.eval.scorers import Scorer
from drol_jax.eval.scoring import Request, score_trackers
from drol_jax.eval.seeds import by_run
from drol_jax.eval.shards import Shard
from drol_jax.report.columns import Column
from drol_jax.report.result import BenchmarkResult
from drol_jax.report.result_table import show_result
from drol_jax.report.scores import Refusal, TrackerScores
from drol_jax.report.summary import write_summary
from drol_jax.results.layout import TrackerResults
from drol_jax.results.runs import Timing


def kept_by_server(dataset: str) -> bool:
    """Whether the benchmark's groundtruth cannot be had."""
    known = datasets.known(dataset)
    return known is not None and known.protocol == "server"


def scorer_of(dataset: str, kind: Kind, dialect: str | None = None, metrics: Metrics | None = None) -> Scorer | None:
    """What scores a dataset that is run in some way; None where its server does.

    Raises:
      UserError: the dataset is not scored in that dialect, or not here at all.
    """
    if kept_by_server(dataset):
        if dialect is not None:
            raise UserError(f"{dataset} is scored by its server, in no dialect of one's choice; drop --dialect")
        return None
    kind_scored = SCORED_AS.get(kind, kind)
    request = Request(dataset=dataset, entries=(), wanted=(), dialect=dialect, kind=kind_scored, metrics=metrics or {})
    return request.scorers(anchored=kind == "multistart")[0]


def result_of(
    finished: Finished,
    kind: Kind,
    everything: Sequence[datasets.SequenceEntry],
    *,
    dialect: str | None = None,
    dialects: bool = True,
    metrics: Metrics | None = None,
) -> BenchmarkResult:
    """The trackers side by side, scored from their files.

    Where a server keeps the groundtruth, how much of the benchmark is tracked takes the place of scores. Sequences
    whose groundtruth is the first box alone are left out.

    Args:
      kind: how the sequences were run.
      everything: entries of the whole dataset, by which files of other sequences are known.
      dialect: whose arithmetic; None for that of the benchmark's published scores.
      dialects: score in the other dialects too.
      metrics: a plug-in's, as further columns.

    Raises:
      UserError: the benchmark is not scored in that dialect.
    """
    if len(finished.unscored) == len(finished.entries) or kept_by_server(finished.dataset):
        return _kept_result(finished)
    request = Request(
        dataset=finished.dataset,
        entries=everything,
        wanted=[entry.name for entry in finished.entries if entry.name not in finished.unscored],
        dialect=dialect,
        dialects=dialects,
        failed=_failed(finished),
        kind=SCORED_AS.get(kind, kind),
        anchored=kind == "multistart",
        metrics=metrics or {},
    )
    result = by_run(score_trackers(request, _found(finished, request)), finished.trackers, _timings(finished, kind))
    return replace(result, notes=(*result.notes, *_perturbed(finished), *_mixed(finished), *_speeds(finished)))


def show_outcome(finished: Finished, result: BenchmarkResult, kind: Kind, folder: Path, *, report: bool) -> None:
    """Print the table and write its numbers beside the results.

    Args:
      result: of `result_of`.
      report: write the page and the tables for papers, too.

    Raises:
      UserError: a file cannot be written.
    """
    if not result.dialect:
        show_result(result)
        print(f"Results: {folder}")
        return
    if finished.unscored:
        print(f"Without annotation but the first box, and left out: {', '.join(sorted(finished.unscored))}.")
    show_result(result, every_sequence=kind == "ope")
    if kind == "ope":
        write_summary(result, folder)
    else:
        result.write(folder)
    name = "summary" if kind == "ope" else "scores"
    print(f"Results, {name}.json and {name}.csv: {folder}")
    if report:
        print(f"To look at: {write_report(result, folder, finished.entries, finished.trackers[0].name)}")


def show_shard(finished: Finished, shard: Shard, folder: Path) -> int:
    """Say what a shard has done while others are not at their end. Returns the exit code."""
    total = len(finished.entries) * len(finished.folders)
    for failure in finished.failures:
        print(f"FAILED {failure.sequence} ({failure.tracker or 'all'}): {failure.message}")
    print(
        f"Shard {shard.number}/{shard.count} is at its end; {finished.left} of {total} runs over sequences are "
        f"other shards' and not finished. The last one of them prints the scores, or the same command without --shard."
    )
    print(f"Results: {folder}")
    return 1 if finished.failures else 0


def _kept_result(finished: Finished) -> BenchmarkResult:
    wanted = [entry.name for entry in finished.entries]
    trackers = []
    for run in finished.trackers:
        for seed in run.seeds:
            done = [one for one in finished.ran if (one.tracker, one.seed) == (run.name, seed)]
            numbers = {"tracked": float(len(done)), "frames": float(sum(one.timing.frames for one in done))}
            folder = finished.folders[run.name, seed].path
            trackers.append(TrackerScores(run.folder(seed), str(folder), numbers, {}, {}))
    return BenchmarkResult(
        dataset=datasets.title(finished.dataset),
        dialect="",
        convention="its server keeps the groundtruth and gives the score: there is none here",
        columns=(
            Column("tracked", "tracked", f"of {len(wanted)} sequences", share=False),
            Column("frames", "frames", "frames tracked, all repetitions together", share=False),
        ),
        sequences=tuple(wanted),
        covered=tuple(name for name in wanted if not any(name == failure.sequence for failure in finished.failures)),
        trackers=tuple(trackers),
        refusals=tuple(Refusal(*key, words) for key, words in _failed(finished).items()),
        notes=_speeds(finished),
    )


def _found(finished: Finished, request: Request) -> list[TrackerResults]:
    """The result files of every run and seed; none where nothing was tracked."""
    done = {(one.tracker, one.seed) for one in finished.ran}
    found = []
    for run in finished.trackers:
        for seed in run.seeds:
            name, path = run.folder(seed), finished.folders[run.name, seed].path
            if (run.name, seed) in done:
                (results,) = request.find(path)
                found.append(replace(results, name=name))
            else:
                found.append(TrackerResults(name, path, {}))
    return found


def _failed(finished: Finished) -> dict[tuple[str, str], str]:
    """Why a sequence could not be tracked, by (results folder's name, sequence)."""
    folders = {(run.name, seed): run.folder(seed) for run in finished.trackers for seed in run.seeds}
    return {
        (name, failure.sequence): failure.message
        for failure in finished.failures
        for key, name in folders.items()
        if failure.tracker is None or (failure.tracker, failure.seed) == key
    }


def _timings(finished: Finished, kind: Kind) -> dict[str, dict[str, Timing]]:
    """What each sequence cost, all seeds together, by tracker; nothing where a run goes over a sequence repeatedly."""
    timings: dict[str, dict[str, Timing]] = {run.name: {} for run in finished.trackers}
    for one in finished.ran if kind == "ope" else ():
        before = timings[one.tracker].get(one.sequence)
        timings[one.tracker][one.sequence] = one.timing if before is None else Timing.total([before, one.timing])
    return timings


def _perturbed(finished: Finished) -> tuple[str, ...]:
    """How runs were perturbed."""
    return tuple(
        f"{run.name}: {len(run.seeds)} perturbed runs: {run.perturbation.words}."
        for run in finished.trackers
        if run.perturbation is not None
    )


def _mixed(finished: Finished) -> tuple[str, ...]:
    """Which results were made in unlike ways, and may differ by rounding."""
    words = {folder.ledger.mixed(): folder.path.name for folder in finished.folders.values()}
    return tuple(
        f"{name}: runs were made in unlike ways ({how}), and numbers can differ by more than chance"
        for how, name in words.items()
        if how
    )


def _speeds(finished: Finished) -> tuple[str, ...]:
    words = []
    for run in finished.trackers:
        total = Timing.total(one.timing for one in finished.ran if one.tracker == run.name)
        if total.fps is not None:
            words.append(
                f"{run.name}: {total.frames} frames at {total.fps:.1f} a second, {total.compile_seconds:.1f} s of "
                "compilation apart."
            )
    return tuple(words)
