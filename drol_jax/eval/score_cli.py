"""Arguments and wiring of ``python -m drol_jax.eval score``."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from drol_jax import datasets
from drol_jax.errors import UserError, reason
from drol_jax.eval.commands import DATASET_HELP, PROGRAM, Load, data_root, split_names
from drol_jax.eval.plugged import plugged
from drol_jax.eval.protocols import SCORED_AS
from drol_jax.eval.repeats import read_groups
from drol_jax.eval.reporting import write_report
from drol_jax.eval.scoring import Request, score_folders
from drol_jax.report.result_table import show_result
from drol_jax.system.arguments import parse
from drol_jax.system.program import tell


@dataclass(frozen=True)
class Arguments:
    """Score result files of any tracker, in the layout of any toolkit, without running a tracker.

    Each --results names a tracker's folder, or one that holds trackers' folders. Scores are in the dialect of the
    benchmark's published scores; the other toolkits' are printed beside them.

    Examples:

    python -m drol_jax.eval score --dataset OTB100 --data-root data --results results/OTB100

    python -m drol_jax.eval score --dataset VOT2018 --data-root VOT2018.json --results mine --results theirs

    Exit code: 0 everything scored, 1 some results were missing or unfit (they are named), 2 misuse.
    """

    results: Annotated[tuple[Path, ...], tyro.conf.UseAppendAction]
    """A folder of result files; may be given several times."""
    dataset: Annotated[str, tyro.conf.arg(help=DATASET_HELP)]
    data_root: Path = field(default_factory=data_root)
    """Folder that holds the annotations, or PySOT's JSON file; images are not needed. Default: $DROL_JAX_DATA, else
    ./data."""
    dialect: str | None = None
    """Whose arithmetic: pysot, got10k, pytracking, stark, lasot or otb; for VOT pysot, vot or got10k; for VideoCube
    videocube too. Default: that of the benchmark's published scores."""
    protocol: str | None = None
    """How the results came about, where not as the benchmark is scored: one pass (ope), restarts after failures
    (restart), from anchors (multistart), with confidences (longterm), VideoCube's restarts (r-ope). Once the name of
    --dialect, whose words it still takes."""
    runs: Annotated[tuple[str, ...], tyro.conf.UseAppendAction] = ()
    """Which trackers are repetitions of one: NAME=FOLDER,FOLDER, once a group, or apart for none. Default: by their
    manifests, or by numbers that count up, NAME_s0 and NAME_s1 or from 0 or 1 NAME_000 and NAME_001."""
    sequences: str | None = None
    """Sequences wanted, separated by commas. Default: all."""
    experiment: str | None = None
    """One of a VOT tracker's experiments. Default: baseline, or longterm."""
    pad_short: bool = False
    """Continue result files that are too short with their last box, also where the dialect refuses them."""
    plugin: str | None = None
    """A Python file with metrics or datasets of your own, or the name of an installed plug-in. Its code is run."""
    no_dialects: bool = False
    """Score in the one dialect only."""
    per_sequence: bool = False
    """Print the sequences too."""
    output: Path | None = None
    """Folder for report.html, scores.json, scores.csv, tables.md and tables.tex, made where it does not exist. Default:
    nothing is written. The page shows images of the worst and best sequences where the data root holds images."""


def main(argv: Sequence[str], load: Load = datasets.load) -> int:
    """Run the command. Returns the exit code 0, or 1 when a result could not be scored.

    Args:
      load: as in `drol_jax.eval.cli.main`.

    Raises:
      UserError: misuse, or no results were found.
      SystemExit: after --help (0) and on arguments that do not parse (2).
    """
    arguments = parse(Arguments, argv, f"{PROGRAM} score")
    if not arguments.results:
        raise UserError("no result folder was named; pass --results DIR")
    own = plugged(arguments.plugin, load)
    load, dataset = own.load, own.dataset(arguments.dataset)
    entries = load(dataset, arguments.data_root, images=False)
    wanted, only = [entry.name for entry in entries], split_names(arguments.sequences, "--sequences")
    if only is not None:
        wanted = [entry.name for entry in load(dataset, arguments.data_root, only, images=False)]
    dialect, kind = _dialect(arguments), SCORED_AS.get(arguments.protocol or "")
    request = Request(
        dataset=dataset,
        entries=entries,
        wanted=wanted,
        dialect=dialect,
        kind=kind,
        anchored=None if kind != "vot" else arguments.protocol == "multistart",
        runs=read_groups(arguments.runs),
        dialects=not arguments.no_dialects,
        experiment=arguments.experiment,
        pad_short=arguments.pad_short,
        metrics=own.metrics,
    )
    result = score_folders(request, arguments.results)
    show_result(result, every_sequence=arguments.per_sequence)
    if arguments.output is not None:
        try:
            arguments.output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"cannot make {arguments.output}: {reason(error)}; choose another --output") from error
        result.write(arguments.output)
        write_report(result, arguments.output, entries)
        print(f"report.html, scores.json, scores.csv and tables for papers: {arguments.output}")
    return 1 if result.refusals else 0


def _dialect(arguments: Arguments) -> str | None:
    """The dialect asked for, under its name or the former one.

    Raises:
      UserError: the two names ask for different dialects.
    """
    if arguments.protocol is None or arguments.protocol in SCORED_AS:
        return arguments.dialect
    if arguments.dialect not in (None, arguments.protocol):
        raise UserError(
            f"--dialect {arguments.dialect} and --protocol, its former name, {arguments.protocol} differ; drop one"
        )
    tell("note: score's --protocol is now called --dialect; elsewhere --protocol says how sequences are run")
    return arguments.protocol
