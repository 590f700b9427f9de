"""Arguments and wiring of ``python -m drol_jax.eval``."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval import benchmark
from drol_jax.eval.commands import COMMANDS, PROGRAM, data_root, describe, run_command, split_names, tell
from drol_jax.eval.progress import ProgressMonitor
from drol_jax.eval.run_page import write_run_page
from drol_jax.report.files import write_summary
from drol_jax.report.table import show
from drol_jax.results import environment, version

DATASET_HELP = "Benchmark, one of " + ", ".join(datasets.DATASETS) + ". Synth is built in."
DEFAULT_CACHE = Path("~/.cache/drol_jax")
Fidelity = Literal["published", "exact"]  # that of drol_jax.config, which imports jax


@dataclass(frozen=True)
class Arguments:
    """Track every sequence of a benchmark and print success AUC, precision and normalised precision.

    Results go to OUTPUT/DATASET/TRACKER in PySOT's format as each sequence ends. The same command takes up an
    interrupted run where it stopped.

    Exit code: 0 all tracked, 1 some sequences failed, 2 misuse, 130 interrupted.

    Commands for other things have a --help of their own:
    """

    dataset: Annotated[str, tyro.conf.arg(help=DATASET_HELP)] = "Synth"
    data_root: Path = field(default_factory=data_root)
    """Folder that holds the datasets, or one dataset. Default: $DROL_JAX_DATA, else ./data."""
    config: str = "siamrpn_alex_synth"
    """Name of a configuration that ships with drol_jax, or a YAML file."""
    weights: str | None = None
    """Converted weights, a folder or file, or hf://owner/repository on the hub. Default: the bundled ones."""
    fidelity: Fidelity | None = None
    """In place of the configuration's own: published keeps the quirks behind the published scores, exact has the
    method's geometry right. Results go to a folder of their own."""
    sequences: str | None = None
    """Only these, separated by commas. Default: all."""
    baseline: bool = False
    """Also run the same tracker with the online subnet off, and print both side by side."""
    seeds: int = 1
    """Repeat with this many seeds, counted up from the configuration's; prints mean and standard deviation."""
    output: Path = Path("results")
    """Folder for results."""
    overwrite: bool = False
    """Track again what is already there, and replace results of other settings."""
    cache_dir: Path | None = None
    """Where compiled code is kept between runs. Default: ~/.cache/drol_jax."""
    no_cache: bool = False
    """Keep no compiled code."""
    no_report: bool = False
    """Write no report.html, tables.md and tables.tex."""
    version: bool = False
    """Print the version and exit."""


class JaxBackend:
    """Trackers of this library. Imports jax when it is made, so that arguments are checked without it."""

    def __init__(self, arguments: Arguments):
        self.fidelity: Fidelity | None = arguments.fidelity
        if arguments.no_cache and arguments.cache_dir is not None:
            raise UserError("--cache-dir and --no-cache exclude each other; drop one")
        folder = None if arguments.no_cache else _cache_folder(arguments.cache_dir)
        if folder is not None:
            import jax

            jax.config.update("jax_compilation_cache_dir", str(folder))
            # Every program counts: tracking compiles dozens of small ones beside the few large ones.
            jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)

    def load(
        self, config: str, weights: str | None, *, online: bool | None
    ) -> tuple[benchmark.Tracker, benchmark.Runner]:
        from drol_jax.api import load
        from drol_jax.run import Runner

        tracker = load(config, weights, online=online, fidelity=self.fidelity)
        return tracker, Runner(tracker)

    def environment(self) -> Mapping[str, Any]:
        return environment()


def main(argv: Sequence[str] | None = None, backend: Callable[[Arguments], benchmark.Backend] = JaxBackend) -> int:
    """Run the program: a command of `COMMANDS` where the first argument names one, else a benchmark.

    Args:
      argv: arguments after the program's name; default is the process's own.
      backend: makes the trackers; tests pass their own.

    Returns:
      The exit code: 0, 1 when a sequence failed, 2 on misuse, 130 on Ctrl-C.

    Raises:
      SystemExit: after --help (0) and on arguments that do not parse (2).
    """
    argv = sys.argv[1:] if argv is None else argv
    if argv and argv[0] in COMMANDS:
        return run_command(argv[0], argv[1:])
    about, config = describe(Arguments.__doc__), (tyro.conf.FlagCreatePairsOff,)
    arguments = tyro.cli(Arguments, args=argv, prog=PROGRAM, description=about, config=config)
    if arguments.version:
        print(f"drol_jax {version()}")
        return 0
    again = "run the same command" + (" without --overwrite" if arguments.overwrite else "")
    try:
        return _evaluate(arguments, backend)
    except UserError as error:
        tell(f"error: {error}")
        return 2
    except benchmark.Interrupted as stop:
        done = f"{stop.done} of {stop.total} runs are finished"
        tell(f"interrupted: {done} and kept in {_kept(arguments)}; {again} to resume")
        return 130
    except KeyboardInterrupt:
        tell(f"interrupted: what was finished is kept in {_kept(arguments)}; {again} to resume")
        return 130


def _evaluate(arguments: Arguments, backend: Callable[[Arguments], benchmark.Backend]) -> int:
    only = split_names(arguments.sequences, "--sequences")
    entries = datasets.load(arguments.dataset, arguments.data_root, only, benchmark.DATASET_SEED)
    dataset = datasets.canonical(arguments.dataset)
    trackers = backend(arguments)
    contestants = benchmark.enter(
        trackers, arguments.config, arguments.weights, baseline=arguments.baseline, seeds=arguments.seeds
    )
    total = len(entries) * sum(len(contestant.entrant.seeds) for contestant in contestants)
    with ProgressMonitor(total) as monitor:
        summary = benchmark.run(
            dataset,
            entries,
            contestants,
            arguments.output,
            trackers.environment(),
            monitor,
            overwrite=arguments.overwrite,
        )
    folder = arguments.output / dataset
    unscored = len(entries) - len(summary.sequences)
    if unscored:
        print(f"{unscored} sequences have no annotation but the first box: a server scores them. Results: {folder}")
    if summary.sequences:
        show(summary)
        write_summary(summary, folder)
        if not arguments.no_report:
            write_run_page(summary, folder, entries)
        print(f"Results, summary.json and summary.csv: {folder}")
        if not arguments.no_report:
            print(f"To look at: {folder / 'report.html'}")
    return 1 if summary.failures else 0


def _kept(arguments: Arguments) -> Path:
    """Folder of the dataset's results."""
    try:
        return arguments.output / datasets.canonical(arguments.dataset)
    except UserError:  # stopped before the name was looked at
        return arguments.output


def _cache_folder(asked: Path | None) -> Path | None:
    """The cache's folder, made where it does not exist; None, and a note, where the default one cannot be."""
    folder = (asked or DEFAULT_CACHE).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        trouble = f"cannot make the cache folder {folder} ({error.strerror})"
        if asked is not None:
            raise UserError(f"{trouble}; choose another --cache-dir or pass --no-cache") from error
        tell(f"note: {trouble}; compiled code is not kept (--cache-dir chooses a folder, --no-cache silences this)")
        return None
    return folder
