"""Arguments and wiring of ``python -m drol_jax.eval``."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated

import tyro

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval import benchmark, outcomes
from drol_jax.eval.backend import JaxBackend, TrackingArguments
from drol_jax.eval.commands import (
    DATASET_HELP,
    PROGRAM,
    Load,
    data_root,
    describe,
    one_of,
    run_command,
    split_names,
)
from drol_jax.eval.plugged import plugged
from drol_jax.eval.progress import ProgressMonitor
from drol_jax.eval.ray_engine import EvalRecipe, engine_of
from drol_jax.eval.runner import Kind
from drol_jax.eval.running import choose
from drol_jax.eval.shards import Plan, read_shard
from drol_jax.eval.submission import check_submission, pack
from drol_jax.eval.tracker_runs import Backend, load_runs
from drol_jax.system.arguments import parse
from drol_jax.system.program import tell
from drol_jax.system.resources import DEFAULT_CONFIG, config_help, version


@dataclass(frozen=True)
class Arguments(TrackingArguments):
    """Track every sequence of a benchmark as the benchmark wants it, and print the scores.

    Results go to OUTPUT/DATASET/TRACKER in the benchmark's own format as each run over a sequence ends. The same
    command takes up an interrupted run where it stopped.

    Exit code: 0 all tracked, 1 some sequences failed, 2 misuse, 130 interrupted.

    Examples:

    python -m drol_jax.eval --baseline

    python -m drol_jax.eval --dataset OTB100 --data-root data --config my.yaml --weights weights/mine

    python -m drol_jax.eval --dataset folders --data-root my_sequences

    Commands for other things have a --help of their own:
    """

    dataset: Annotated[str, tyro.conf.arg(help=DATASET_HELP)] = "Synth"
    data_root: Path = field(default_factory=data_root)
    """Folder that holds the datasets, one dataset, or for --dataset folders the sequences. Default: $DROL_JAX_DATA,
    else ./data."""
    config: Annotated[str, tyro.conf.arg(help=config_help())] = DEFAULT_CONFIG
    weights: str | None = None
    """Converted weights, a folder or file, or hf://owner/repository on the hub. Default: the bundled ones."""
    sequences: str | None = None
    """Sequences wanted, separated by commas. Default: all."""
    baseline: bool = False
    """Also run the same tracker with the online subnet off, and print both side by side."""
    seeds: int = 1
    """Repeat with this many seeds, counted up from the configuration's; prints mean, standard deviation and 95 %
    confidence interval."""
    perturb: int = 0
    """Repeat under so many small perturbations (start box shifted by up to half a pixel, noise of one grey level, a
    seed each), the baseline too: means with their spread, and the sequences on which the tracker is unstable. Results
    go to folders of their own."""
    protocol: Annotated[Kind | None, one_of(Kind)] = None
    """How sequences are run: one pass (ope), repeatedly (got10k), with confidences (longterm), restarted after failures
    (restart), from anchors (multistart), as VideoCube's toolkit restarts (r-ope). Default: the benchmark's own."""
    dialect: str | None = None
    """Whose arithmetic scores the runs, where that of the benchmark's published scores is not wanted: pysot, got10k,
    pytracking, stark, lasot or otb; for VOT pysot, vot or got10k."""
    repetitions: int | None = None
    """Runs over each sequence, each with draws of its own. Default: 15 for restart, 3 for got10k. A tracker that draws
    nothing is run once; VOT's files then hold it three times, as of its toolkit."""
    submit: bool = False
    """Also pack the results for the evaluation server; where the server keeps the groundtruth, they are packed
    anyway."""
    output: Path = Path("results")
    """Folder for results."""
    overwrite: bool = False
    """Track again what is already there, and replace results of other settings."""
    keep: bool = False
    """Refuse a folder with results of other code, the library's or a plug-in's, where they would be set aside and all
    tracked anew."""
    no_report: bool = False
    """Write no report.html, tables.md and tables.tex."""
    version: bool = False
    """Print the version and exit."""


def main(
    argv: Sequence[str] | None = None,
    backend: Callable[[TrackingArguments], Backend] = JaxBackend,
    load: Load = datasets.load,
) -> int:
    """Run the program: a command of `COMMANDS` where the first argument is no option, else a benchmark.

    Args:
      argv: arguments after the program's name; default is the process's own.
      backend: makes the trackers; tests pass their own.
      load: lists a dataset's sequences, as `drol_jax.datasets.load`; tests pass their own.

    Returns:
      The exit code: 0, 1 when a sequence failed, 2 on misuse, 130 on Ctrl-C.

    Raises:
      SystemExit: after --help (0) and on arguments that do not parse (2).
    """
    argv = sys.argv[1:] if argv is None else argv
    if argv and not argv[0].startswith("-"):
        return run_command(argv[0], argv[1:])
    arguments = parse(Arguments, argv, PROGRAM, describe(Arguments.__doc__))
    if arguments.version:
        print(f"drol_jax {version()}")
        return 0
    again = "run the same command" + (" without --overwrite" if arguments.overwrite else "")
    try:
        return _evaluate(arguments, backend, load)
    except UserError as error:
        tell(f"error: {error}")
        return 2
    except benchmark.Interrupted as stop:
        tell(f"interrupted: {stop}; what is finished is kept in {_kept(arguments)}; {again} to resume")
        return 130
    except KeyboardInterrupt:
        tell(f"interrupted: what is finished is kept in {_kept(arguments)}; {again} to resume")
        return 130


def _evaluate(arguments: Arguments, backend: Callable[[TrackingArguments], Backend], load: Load) -> int:
    only = split_names(arguments.sequences, "--sequences")
    shard = read_shard(arguments.shard)
    recipe = EvalRecipe(
        arguments=arguments,
        runs=partial(
            load_runs,
            config=arguments.config,
            weights=arguments.weights,
            baseline=arguments.baseline,
            seeds=arguments.seeds,
            perturb=arguments.perturb,
        ),
        dataset=arguments.dataset,
        data_root=arguments.data_root,
        backend=backend,
        load=load,
    )
    engine_asked = engine_of(recipe)
    own = plugged(arguments.plugin, load)
    load = own.load
    entries = load(arguments.dataset, arguments.data_root, only, benchmark.DATASET_SEED)
    dataset = own.dataset(arguments.dataset)
    how = choose(dataset, entries, arguments.protocol, arguments.repetitions)
    scorer = outcomes.scorer_of(dataset, how.kind, arguments.dialect, own.metrics)
    if arguments.submit:
        check_submission(dataset, how.kind)
    trackers = backend(arguments)
    runs = recipe.runs(trackers)
    folder = arguments.output / datasets.title(dataset)
    with engine_asked as engine, ProgressMonitor(len(Plan.of(entries, runs, how, shard).jobs)) as monitor:
        finished = benchmark.run(
            dataset,
            entries,
            runs,
            folder,
            trackers.environment(),
            monitor,
            how,
            overwrite=arguments.overwrite,
            keep=arguments.keep,
            tell=tell,
            engine=engine,
            shard=shard,
            scorer=scorer,
            root=arguments.data_root,
        )
    trackers.finish()
    if shard is not None and finished.left:
        return outcomes.show_shard(finished, shard, folder)
    everything = entries if only is None else load(dataset, arguments.data_root, None, benchmark.DATASET_SEED)
    result = outcomes.result_of(finished, how.kind, everything, dialect=arguments.dialect, metrics=own.metrics)
    outcomes.show_outcome(finished, result, how.kind, folder, report=not arguments.no_report)
    if arguments.submit or outcomes.kept_by_server(dataset):
        archives, trouble = pack(finished, how.kind, everything, folder)
        for path in archives:
            print(f"To upload: {path}")
        for words in trouble:
            print(words)
        if trouble and arguments.submit:
            return 1
    return 1 if finished.failures else 0


def _kept(arguments: Arguments) -> Path:
    """Folder of the dataset's results."""
    try:
        return arguments.output / datasets.title(datasets.canonical(arguments.dataset))
    except UserError:  # stopped before the name was looked at
        return arguments.output
