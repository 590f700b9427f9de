"""One Python call from a tracker, or its result files, to a benchmark's scores."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from drol_jax import datasets
from drol_jax.datasets.source import select
from drol_jax.errors import UserError, reason
from drol_jax.eval import benchmark, outcomes
from drol_jax.eval.commands import data_root as usual_root
from drol_jax.eval.reporting import write_report
from drol_jax.eval.runner import Kind, Runner
from drol_jax.eval.running import Running, choose
from drol_jax.eval.scoring import Request, score_folders
from drol_jax.eval.tracker_runs import Tracker, TrackerRun, check_seeds, tracker_run
from drol_jax.report.result import BenchmarkResult
from drol_jax.results.settings import environment

Dataset = str | Sequence[datasets.SequenceEntry | datasets.Sequence]
OWN = "own"
"""What a dataset is called that is given as sequences."""


def evaluate(
    results: str | Path | Tracker,
    dataset: Dataset,
    *,
    data_root: str | Path | None = None,
    sequences: Sequence[str] | None = None,
    dialect: str | None = None,
    dialects: bool = True,
    protocol: Kind | None = None,
    repetitions: int | None = None,
    seeds: int = 1,
    perturb: int = 0,
    output: str | Path | None = None,
    report: str | Path | None = None,
    runner: Callable[[Tracker], Runner] | None = None,
) -> BenchmarkResult:
    """Score result files on a benchmark, or run a tracker over it and score what it wrote. Prints nothing.

    The scores are those of ``python -m drol_jax.eval score``. A sequence that cannot be opened, tracked or scored is
    one of the result's `refusals`, and means are over the others. Where a server keeps the groundtruth, a tracker's
    result says how much it has tracked.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import drol_jax
    >>> from drol_jax import datasets
    >>> (entry,) = datasets.load("Synth", only=["dusk_car"])
    >>> with TemporaryDirectory() as folder:  # result files, here of a tracker that is always right
    ...     lines = [",".join(map(str, box)) for box in entry.open().boxes]
    ...     _ = Path(folder, "dusk_car.txt").write_text("\\n".join(lines))
    ...     result = drol_jax.evaluate(folder, "Synth", sequences=["dusk_car"])
    >>> result.dialect
    'pysot'
    >>> (scores,) = result.trackers
    >>> round(scores.mean["auc"], 3), scores.sequences["dusk_car"]["precision_20"]
    (0.952, 1.0)

    A tracker takes the place of the folder: ``drol_jax.evaluate(drol_jax.load("siamrpn_alex_tiny"), "Synth")``.

    Args:
      results: a folder of result files of any toolkit, of one tracker or of several, or a tracker, which is run.
      dataset: a benchmark's name, or sequences (or entries that open them) of one's own, which are scored by one pass.
      data_root: folder that holds the datasets, or one dataset; default is $DROL_JAX_DATA, else ./data.
      sequences: names of the sequences to score; None for all.
      dialect: whose arithmetic; None for that of the benchmark's published scores.
      dialects: score in the other dialects too.
      protocol: how a tracker is run; None for the benchmark's own way.
      repetitions: runs of a tracker over each sequence; None for the protocol's number.
      seeds: runs of a tracker under so many seeds, counted up from its configuration's.
      perturb: runs of a tracker under so many small perturbations, in place of `seeds`; 0 for none.
      output: folder in which a tracker's result files are kept, and taken up by the next call; None keeps none.
      report: folder to write ``report.html``, tables for papers, ``scores.json`` and ``scores.csv`` to; None: nothing
        is written. `BenchmarkResult.write` writes the last two later.
      runner: makes what runs the tracker over a sequence; default is the library's frame loop.

    Raises:
      UserError: the dataset, a sequence, a dialect or the results are not to be had; no sequence at all could be
        tracked; a folder holds results of other settings; a file cannot be written.
    """
    tracked = not isinstance(results, str | Path)
    name, everything, entries = _entries(dataset, data_root, sequences, images=tracked)
    if not tracked:
        wanted = [entry.name for entry in entries]
        request = Request(dataset=name, entries=everything, wanted=wanted, dialect=dialect, dialects=dialects)
        result = score_folders(request, [Path(results)])
        if report is not None:
            _write(result, Path(report), entries, None)
        return result
    check_seeds(seeds, perturb)
    how = choose(name, entries, protocol, repetitions)
    outcomes.scorer_of(name, how.kind, dialect)  # refused before anything is tracked
    run = tracker_run(results, (runner or _frame_loop)(results), seeds=seeds, perturb=perturb)
    with nullcontext(output) if output is not None else tempfile.TemporaryDirectory() as folder:
        finished = _track(run, name, entries, Path(folder), how)
        result = outcomes.result_of(finished, how.kind, everything, dialect=dialect, dialects=dialects)
        if report is not None:  # while the result files are there
            _write(result, Path(report), entries, run.name)
    return result


def _track(
    run: TrackerRun, dataset: str, entries: Sequence[datasets.SequenceEntry], folder: Path, how: Running
) -> benchmark.Finished:
    parts = getattr(run.tracker.config, "parts", None)
    here = environment(*([] if parts is None else [parts.digest]))
    try:
        finished = benchmark.run(dataset, entries, [run], folder / datasets.title(dataset), here, Silent(), how)
    except benchmark.Interrupted:
        raise KeyboardInterrupt from None
    if finished.failures and not finished.ran:
        raise UserError(f"nothing could be tracked: {finished.failures[0].message}")
    return finished


def _entries(
    dataset: Dataset, root: str | Path | None, only: Sequence[str] | None, *, images: bool
) -> tuple[str, list[datasets.SequenceEntry], list[datasets.SequenceEntry]]:
    """The dataset's name, all its sequences, and those that are wanted."""
    if isinstance(dataset, str):
        name = datasets.canonical(dataset)
        every = datasets.load(name, usual_root() if root is None else Path(root), images=images)
    else:
        name, every = OWN, [_entry(one) for one in dataset]
    return name, every, every if only is None else select(every, only, name)


def _entry(one: datasets.SequenceEntry | datasets.Sequence) -> datasets.SequenceEntry:
    if isinstance(one, datasets.SequenceEntry):
        return one
    return datasets.SequenceEntry(one.name, lambda: one, one.attributes)


def _frame_loop(tracker: Tracker) -> Runner:
    from drol_jax.running.loop import Runner as FrameLoop  # imports jax

    return FrameLoop(tracker)  # pyright: ignore[reportArgumentType]


class Silent:
    """A monitor that tells nobody."""

    def begin(self, what: str, frames: int) -> "Silent":
        return self

    def frame(self, index: int) -> None:
        pass

    def end(self, outcome: str) -> None:
        pass

    def later(self) -> None:
        pass

    def skip(self, what: str, runs: int, reason: str) -> None:
        pass

    def working(self) -> AbstractContextManager[None]:
        return nullcontext()

    def went(self, frames: int) -> None:
        pass


def _write(
    result: BenchmarkResult, folder: Path, entries: Sequence[datasets.SequenceEntry], subject: str | None
) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make {folder}: {reason(error)}; choose another folder") from error
    result.write(folder)
    write_report(result, folder, entries, subject)
