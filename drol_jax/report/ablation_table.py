"""The paper's ablation table with our figures beside its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from drol_jax.report.board import Board, Column
from drol_jax.report.board_table import cell
from drol_jax.report.table import UNLIMITED, short


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    tracker: str
    """On the board; with several seeds, their common name."""
    group: str
    words: tuple[str, str, str]
    """Fusion weight, pipeline, interval."""
    published: Mapping[str, tuple[float, float]]
    """By benchmark success AUC and normalised precision."""


def show_ablation(board: Board | None, lines: Sequence[Line], groups: Mapping[str, str], file: IO[str] | None = None):
    """Print the table: our first three measures, then the paper's.

    Args:
      board: None where there are no scores here.
      groups: what each group varies.
      file: default is standard output. A file or a pipe gets plain text without truncation.
    """
    console = Console(file=file, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = UNLIMITED
    plus_minus = "±" if console.encoding.lower().startswith("utf") else "+-"
    columns = board.columns[:3] if board else ()
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), collapse_padding=True)
    table.add_column("group", overflow="fold")
    for head in ("weight", "pipeline", "T"):
        table.add_column(head, justify="right", no_wrap=True)
    for column in columns:
        table.add_column(f"{board.dataset if board else ''}\n{column.head}", justify="right", no_wrap=True)
    benchmarks = list(dict.fromkeys(name for line in lines for name in line.published))
    for name in benchmarks:
        table.add_column(f"paper, {name}\nAUC", justify="right", no_wrap=True)
        table.add_column("\nNP", justify="right", no_wrap=True)
    last = None
    for line in lines:
        if last not in (None, line.group):
            table.add_section()
        head = f"{line.group} {groups[line.group]}" if line.group != last else ""
        ours = [_ours(board, line.tracker, column, plus_minus) for column in columns] if board else []
        theirs = [short(value) for name in benchmarks for value in line.published[name]]
        table.add_row(Text(head), *line.words, *ours, *theirs)
        last = line.group
    console.print(table)


def _ours(board: Board, tracker: str, column: Column, plus_minus: str) -> str:
    if tracker in board.repeats:
        spread = board.repeats[tracker][1].get(column.key)
        if spread is None or spread.deviation is None:
            return "-"
        return f"{cell(spread.mean, column)}{plus_minus}{cell(spread.deviation, column)}"
    found = [standing for standing in board.standings if standing.tracker == tracker]
    return cell(found[0].overall.get(column.key), column) if found else "failed"
