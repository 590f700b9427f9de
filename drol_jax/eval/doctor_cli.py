"""Arguments and tables of ``python -m drol_jax.eval doctor``."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from rich.progress import Progress

from drol_jax.datasets.doctor import Diagnosis, examine
from drol_jax.eval.commands import DATASET_HELP, PROGRAM, data_root, split_names
from drol_jax.image.frames import read
from drol_jax.system import terminal
from drol_jax.system.arguments import parse

_STYLES = {"error": "bold red", "warning": "yellow", "note": "dim"}


@dataclass(frozen=True)
class Arguments:
    """Examine a benchmark on disk: what is missing, misnamed, cut short or damaged, and what to do about it.

    Annotations are read, images counted, the first and last of each sequence decoded.

    Example: python -m drol_jax.eval doctor --dataset UAV123 --data-root data

    Exit code: 0 every sequence can be tracked, 1 some cannot, 2 misuse or nothing found.
    """

    dataset: Annotated[str, tyro.conf.arg(help=DATASET_HELP)]
    data_root: Path = field(default_factory=data_root)
    """Folder that holds the datasets, one dataset, or PySOT's JSON file of it. Default: $DROL_JAX_DATA, else ./data."""
    sequences: str | None = None
    """Sequences wanted, separated by commas. Default: all."""
    decode: bool = False
    """Decode every image, which takes long."""


def main(argv: Sequence[str]) -> int:
    """Run the command. Returns the exit code 0 or 1.

    Raises:
      UserError: misuse, or nothing of the benchmark was found.
      SystemExit: after --help (0) and on arguments that do not parse (2).
    """
    arguments = parse(Arguments, argv, f"{PROGRAM} doctor")
    only = split_names(arguments.sequences, "--sequences")
    progress = Progress(console=terminal.console(stderr=True), transient=True)
    progress.disable = not progress.console.is_terminal
    with progress:
        task = progress.add_task("", total=None)
        diagnosis = examine(
            arguments.dataset,
            arguments.data_root,
            read,
            only=only,
            decode=arguments.decode,
            on_sequence=lambda name: progress.update(task, description=name),
        )
    show(diagnosis)
    return 0 if len(diagnosis.usable) == len(diagnosis.sequences) else 1


def show(diagnosis: Diagnosis) -> None:
    """Print what was found, the worst first; to a file or a pipe as plain text without truncation."""
    console = terminal.console()
    if diagnosis.findings:
        table = terminal.table(("sequence", "", "what is wrong", "what to do"))
        for level, style in _STYLES.items():
            for finding in diagnosis.findings:
                if finding.level == level:
                    cells = (finding.sequence or "all", terminal.plain(level, style), finding.what, finding.cure)
                    table.add_row(*(terminal.plain(cell) if isinstance(cell, str) else cell for cell in cells))
        console.print(table)
        console.print()
    console.print(
        f"{diagnosis.dataset} in {diagnosis.where}: {len(diagnosis.usable)} of {len(diagnosis.sequences)} sequences "
        f"can be tracked, {diagnosis.frames} frames.",
        soft_wrap=True,
    )
