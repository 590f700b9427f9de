"""A board as terminal tables."""

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import IO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from drol_jax.report.board import Board, Column, Numbers
from drol_jax.report.table import UNLIMITED, short


def show_board(board: Board, file: IO[str] | None = None, *, every_sequence: bool = False) -> None:
    """Print the ranking, the dialects' spread, attributes, differences, and what could not be scored.

    Args:
      file: default is standard output. A file or a pipe gets plain text without truncation.
      every_sequence: list the sequences too; otherwise only where a tracker lacks some, or there are few.
    """
    console = Console(file=file, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = UNLIMITED
    plus_minus = "±" if console.encoding.lower().startswith("utf") else "+-"
    console.print(f"{board.dataset}, protocol {board.protocol}: {board.convention}", soft_wrap=True)
    words = ", ".join(f"{column.head} {column.meaning}" for column in board.columns)
    console.print(f"  {words}", soft_wrap=True)
    console.print()
    console.print(_ranking(board))
    for table in (_dialects(board), _attributes(board), _sequences(board) if every_sequence else None):
        if table is not None:
            console.print()
            console.print(table)
    console.print()
    for line in _closing(board, plus_minus):
        console.print(line, soft_wrap=True)


def cell(value: float | None, column: Column) -> str:
    """A number as tables show it."""
    if value is None or not isfinite(value):
        return "-"
    if column.share:
        return short(value)
    if column.decimals is not None:
        return f"{value:.{column.decimals}f}"
    return str(round(value)) if value == round(value) else f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"


def _ranking(board: Board) -> Table:
    table = _table("tracker", [column.head for column in board.columns])
    for standing in board.ranked:
        table.add_row(Text(standing.tracker), *_cells(standing.overall, board))
    return table


def _dialects(board: Board) -> Table | None:
    """Three measures by every protocol, and how far they lie apart; rates in different units are left out."""
    if len(board.dialects) < 2:
        return None
    columns = [column for column in board.columns if column.share][:3]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), collapse_padding=True)
    table.add_column("other protocols", overflow="fold")
    table.add_column("", overflow="fold")
    names = list(board.dialects)
    for name in names:
        table.add_column(name + ("*" if name == board.protocol else ""), justify="right", no_wrap=True)
    table.add_column("spread", justify="right", no_wrap=True)
    for standing in board.ranked:
        for number, column in enumerate(columns):
            values = [board.dialects[name].get(standing.tracker, {}).get(column.key) for name in names]
            known = [value for value in values if value is not None]
            gap = cell(max(known) - min(known), column) if len(known) > 1 else "-"
            first = Text(standing.tracker if number == 0 else "")
            table.add_row(first, column.head, *(cell(value, column) for value in values), gap)
    return table


def _attributes(board: Board) -> Table | None:
    names = sorted({name for standing in board.standings for name in standing.attributes})
    if not names:
        return None
    ranked = board.ranked
    column = _first_known(board, [numbers for one in ranked for _, numbers in one.attributes.values()])
    table = _table("attribute", ["", *(f"{column.head}\n{standing.tracker}" for standing in ranked)])
    for name in names:
        rows = [standing.attributes.get(name) for standing in ranked]
        count = next((str(row[0]) for row in rows if row), "-")
        table.add_row(Text(name), count, *(cell(row[1].get(column.key) if row else None, column) for row in rows))
    return table


def _sequences(board: Board) -> Table:
    ranked = board.ranked
    column = _first_known(board, [numbers for one in ranked for numbers in one.sequences.values()])
    table = _table("sequence", [f"{column.head}\n{standing.tracker}" for standing in ranked])
    for name in board.sequences:
        values = [standing.sequences.get(name) for standing in ranked]
        table.add_row(Text(name), *("none" if v is None else cell(v.get(column.key), column) for v in values))
    return table


def _first_known(board: Board, rows: Sequence[Numbers]) -> Column:
    """The first column that any row has a number in: neither sequences nor their attributes have every measure."""
    return next((c for c in board.columns if any(row.get(c.key) is not None for row in rows)), board.columns[0])


def _closing(board: Board, plus_minus: str) -> Iterator[str]:
    if not board.covered:
        yield "No mean: no sequence has a scorable result of every tracker."
    elif len(board.covered) == len(board.sequences):
        yield f"Over all {len(board.covered)} sequences." if len(board.covered) > 1 else "One sequence."
    else:
        yield (
            f"Over {len(board.covered)} of {len(board.sequences)} sequences: those that every tracker has a scorable "
            "result of."
        )
    for name, (runs, spreads) in board.repeats.items():
        parts = []
        for column in board.columns[:3]:
            spread = spreads.get(column.key)
            if spread is not None and spread.interval is not None and spread.deviation is not None:
                low, high = (cell(value, column) for value in spread.interval)
                parts.append(
                    f"{column.head} {cell(spread.mean, column)} {plus_minus} {cell(spread.deviation, column)} "
                    f"(95 %: {low} to {high})"
                )
        yield f"{name}, {runs} runs, mean {plus_minus} deviation, Student's t interval: {', '.join(parts)}"
    head = board.compared.head if board.compared else ""
    for (first, second), gap in board.differences.items():
        low, high = (f"{value:+.3f}" for value in gap.interval)
        yield (
            f"{first} - {second}: {head} {gap.mean:+.3f} a sequence, 95 % bootstrap interval {low} to {high}, "
            f"p = {gap.p:.4f} (sign flips)"
        )
    yield from board.notes
    for refusal in board.refusals:
        yield f"FAILED {refusal.sequence} ({refusal.tracker}): {refusal.message}"


def _table(first: str, heads: list[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), collapse_padding=True)
    table.add_column(first, overflow="fold")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    return table


def _cells(numbers: Numbers, board: Board) -> list[str]:
    return [cell(numbers.get(column.key), column) for column in board.columns]
