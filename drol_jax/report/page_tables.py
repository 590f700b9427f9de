"""A board's numbers as tables of words, for pages and for text."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from drol_jax.report.board import Board, Column, Numbers
from drol_jax.report.board_table import cell
from drol_jax.report.origins import Speed
from drol_jax.report.published import Published

LENGTHS = (10, 25, 50, 100, 150, 200, 250, 300, 350, 400, 500, 750, 1000)
"""Of runs, in frames."""


@dataclass(frozen=True)
class Cell:
    """One number in words."""

    text: str
    best: bool = False
    share: float | None = None
    """The number itself where it lies in [0, 1], for shading."""


@dataclass(frozen=True)
class Grid:
    """A table."""

    title: str
    head: tuple[str, ...]
    """The first is over the names."""
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    marked: frozenset[str] = frozenset()
    """Names of rows that stand out."""
    shaded: bool = False
    about: str = ""


def ranking(board: Board) -> Grid:
    """Trackers by measures."""
    rows = [(s.tracker, s.overall) for s in board.ranked]
    return Grid("", ("tracker", *(c.head for c in board.columns)), tuple(_by_column(rows, board.columns)))


def by_attribute(board: Board) -> list[Grid]:
    """A table for each measure: attributes by trackers."""
    names = sorted({name for standing in board.standings for name in standing.attributes})
    counts = {name: n for s in board.standings for name, (n, _) in s.attributes.items()}
    tables = {s.tracker: {name: row for name, (_, row) in s.attributes.items()} for s in board.ranked}
    return _by_tracker(board, names, tables, "attribute", counts)


def by_sequence(board: Board) -> list[Grid]:
    """A table for each measure that single sequences have: sequences by trackers."""
    return _by_tracker(board, board.sequences, {s.tracker: s.sequences for s in board.ranked}, "sequence", None)


def by_protocol(board: Board) -> list[Grid]:
    """A table for each share: trackers by protocols, and how far these lie apart."""
    if len(board.dialects) < 2:
        return []
    names, grids = list(board.dialects), []
    for column in (c for c in board.columns if c.share):
        rows = []
        for standing in board.ranked:
            values = [board.dialects[name].get(standing.tracker, {}).get(column.key) for name in names]
            known = [value for value in values if value is not None and isfinite(value)]
            gap = Cell(cell(max(known) - min(known), column) if len(known) > 1 else "-")
            rows.append((standing.tracker, (*(Cell(cell(value, column)) for value in values), gap)))
        if any(one.text != "-" for _, cells in rows for one in cells):
            grids.append(Grid(f"{column.head}: {column.meaning}", ("tracker", *names, "spread"), tuple(rows)))
    return grids


def by_length(board: Board) -> Grid | None:
    """The expected overlap of runs of some lengths; None where the board has no such curve."""
    curves = {s.tracker: s.curves["expected_overlap"] for s in board.ranked if s.curves.get("expected_overlap")}
    if not curves:
        return None
    lengths = [n for n in LENGTHS if n <= max(len(curve) for curve in curves.values())]
    share = Column("", "", "")
    rows = tuple(
        (tracker, tuple(Cell(cell(curve[n - 1] if n <= len(curve) else None, share)) for n in lengths))
        for tracker, curve in curves.items()
    )
    return Grid("Expected overlap of runs of so many frames", ("tracker", *map(str, lengths)), rows)


def beside_published(board: Board, tables: Iterable[Published]) -> list[Grid]:
    """Published scores with the board's trackers among them, the best first; measures that the board lacks left out."""
    grids = []
    by_key = {column.key: column for column in board.columns}
    by_key.setdefault("fps", Column("fps", "fps", "frames a second", share=False))
    for table in tables:
        keys = [key for key in by_key if any(key in row for row in table.rows.values())]
        if not keys or keys == ["fps"]:
            continue
        rows: list[tuple[str, Numbers]] = [*table.rows.items()]
        ours = [(f"here: {s.tracker}", s.overall) for s in board.standings if s.overall]
        first = by_key[keys[0]]
        ordered = sorted(rows + ours, key=lambda row: _place(row[1].get(first.key), first))
        cells = tuple((name, tuple(Cell(cell(row.get(key), by_key[key])) for key in keys)) for name, row in ordered)
        head = ("tracker", *(by_key[key].head for key in keys))
        grids.append(Grid(table.source, head, cells, frozenset(name for name, _ in ours), about=table.about))
    return grids


def speeds(board: Board, measured: Mapping[str, Speed]) -> Grid | None:
    """Frame rates of the trackers that have one."""
    rows = []
    for standing in board.ranked:
        one = measured.get(standing.tracker)
        if one is not None:
            words = (f"{one.fps:.1f}", str(one.frames), f"{one.seconds:.1f}")
            compiled = "-" if one.compile_seconds is None else f"{one.compile_seconds:.1f}"
            rows.append((standing.tracker, tuple(Cell(word) for word in (*words, compiled))))
    return Grid("", ("tracker", "frames/s", "frames", "seconds", "compilation s"), tuple(rows)) if rows else None


def differences(board: Board) -> Grid | None:
    """The best tracker against the others."""
    if not board.differences or board.compared is None:
        return None
    rows = []
    for (first, second), gap in board.differences.items():
        low, high = gap.interval
        words = (f"{gap.mean:+.3f}", f"{low:+.3f} to {high:+.3f}", f"{gap.p:.4f}")
        rows.append((f"{first} - {second}", tuple(Cell(word) for word in words)))
    return Grid("", ("pair", f"{board.compared.head} a sequence", "95 % interval", "p"), tuple(rows))


def repeats(board: Board) -> Grid | None:
    """Spreads over trackers that differ by a seed's number alone."""
    rows = []
    for name, (runs, spreads) in board.repeats.items():
        for column in board.columns:
            spread = spreads.get(column.key)
            if spread is None or spread.deviation is None or spread.interval is None:
                continue
            low, high = (cell(value, column) for value in spread.interval)
            words = (
                column.head,
                str(runs),
                cell(spread.mean, column),
                cell(spread.deviation, column),
                f"{low} to {high}",
            )
            rows.append((name, tuple(Cell(word) for word in words)))
    head = ("tracker", "measure", "runs", "mean", "deviation", "95 % interval")
    return Grid("", head, tuple(rows)) if rows else None


def _by_tracker(
    board: Board,
    names: Sequence[str],
    tables: Mapping[str, Mapping[str, Numbers]],
    first: str,
    counts: Mapping[str, int] | None,
) -> list[Grid]:
    grids = []
    for column in board.columns:
        rows = []
        for name in names:
            values = [table.get(name, {}).get(column.key) for table in tables.values()]
            cells = list(_marked(values, column))
            # A result that could not be scored is not a score that does not exist.
            cells = [one if name in table else Cell("none") for one, table in zip(cells, tables.values(), strict=True)]
            if counts is not None:
                cells.insert(0, Cell(str(counts[name])))
            rows.append((name, tuple(cells)))
        if any(one.text not in ("-", "none") for _, cells in rows for one in cells[counts is not None :]):
            head = (first, *(["of"] if counts is not None else []), *tables)
            title = f"{column.head}: {column.meaning}"
            grids.append(Grid(title, head, tuple(rows), shaded=column.share))
    return grids


def _by_column(
    rows: Sequence[tuple[str, Numbers]], columns: Sequence[Column]
) -> Iterable[tuple[str, tuple[Cell, ...]]]:
    marked = [_marked([numbers.get(column.key) for _, numbers in rows], column) for column in columns]
    return [(name, tuple(column[place] for column in marked)) for place, (name, _) in enumerate(rows)]


def _marked(values: Sequence[float | None], column: Column) -> list[Cell]:
    """Cells of values that compete; the best stands out where they differ."""
    known = [value for value in map(_known, values) if value is not None]
    best = (max(known) if column.larger_is_better else min(known)) if len(set(known)) > 1 else None
    return [
        Cell(cell(value, column), best is not None and value == best, _known(value) if column.share else None)
        for value in values
    ]


def _place(value: float | None, column: Column) -> tuple[bool, float]:
    """Sorts the best to the front, what has no number to the end."""
    known = _known(value)
    return known is None, 0.0 if known is None else -known if column.larger_is_better else known


def _known(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None
