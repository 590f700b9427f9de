"""Arguments and wiring of ``python -m drol_jax.eval score``."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from drol_jax import datasets
from drol_jax.errors import UserError, reason
from drol_jax.eval.commands import PROGRAM, data_root, split_names
from drol_jax.eval.scoring import Request, score_folders
from drol_jax.report.board_files import write_board
from drol_jax.report.board_table import show_board
from drol_jax.report.export import write_tables


@dataclass(frozen=True)
class Arguments:
    """Score result files of any tracker, in the layout of any toolkit, without running a tracker.

    Each --results names a tracker's folder, or one that holds trackers' folders. Scores are those of the protocol that
    the benchmark's published scores used; the others are printed beside them.

    Exit code: 0 everything scored, 1 some results were missing or unfit (they are named), 2 misuse.
    """

    results: Annotated[tuple[Path, ...], tyro.conf.UseAppendAction]
    """A folder of result files; may be given several times."""
    dataset: str
    """Benchmark that the results are of, e.g. OTB100, UAV123, LaSOT, VOT2018, GOT-10k-val."""
    data_root: Path = field(default_factory=data_root)
    """Folder that holds the annotations, or PySOT's JSON file; images are not needed. Default: $DROL_JAX_DATA, else
    ./data."""
    protocol: str | None = None
    """Whose conventions: pysot, got10k, pytracking, stark, lasot or otb; for VOT pysot, vot or got10k. Default: that of
    the benchmark's published scores."""
    sequences: str | None = None
    """Only these, separated by commas. Default: all."""
    experiment: str | None = None
    """Which of a VOT tracker's experiments. Default: baseline, or longterm."""
    pad_short: bool = False
    """Continue result files that are too short with their last box, also where the protocol refuses them."""
    no_dialects: bool = False
    """Score by the one protocol only."""
    per_sequence: bool = False
    """Print the sequences too."""
    output: Path | None = None
    """Folder for report.html, scores.json, scores.csv, tables.md and tables.tex, made where it does not exist. Default:
    nothing is written. The page shows images of the worst and best sequences where the data root holds images."""


def main(argv: Sequence[str]) -> int:
    """Run the command. Returns the exit code 0, or 1 when a result could not be scored.

    Raises:
      UserError: misuse, or no results were found.
      SystemExit: after --help (0) and on arguments that do not parse (2).
    """
    arguments = tyro.cli(Arguments, args=argv, prog=f"{PROGRAM} score", config=(tyro.conf.FlagCreatePairsOff,))
    if not arguments.results:
        raise UserError("no result folder was named; pass --results DIR")
    dataset = datasets.canonical(arguments.dataset)
    entries = datasets.load(dataset, arguments.data_root, images=False)
    wanted, only = [entry.name for entry in entries], split_names(arguments.sequences, "--sequences")
    if only is not None:
        wanted = [entry.name for entry in datasets.load(dataset, arguments.data_root, only, images=False)]
    board = score_folders(
        Request(
            dataset=dataset,
            entries=entries,
            wanted=wanted,
            folders=arguments.results,
            protocol=arguments.protocol,
            dialects=not arguments.no_dialects,
            experiment=arguments.experiment,
            pad_short=arguments.pad_short,
        )
    )
    show_board(board, every_sequence=arguments.per_sequence)
    if arguments.output is not None:
        try:
            arguments.output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"cannot make {arguments.output}: {reason(error)}; choose another --output") from error
        write_board(board, arguments.output)
        from drol_jax.report.page import write_page  # loads matplotlib, which takes a second

        write_tables(board, arguments.output)
        write_page(board, arguments.output, entries)
        print(f"report.html, scores.json, scores.csv and tables for papers: {arguments.output}")
    return 1 if board.refusals else 0
