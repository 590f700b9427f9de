"""A result's numbers as tables of words, for pages and for text."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from drol_jax.report.columns import Column, Numbers, cell, known
from drol_jax.report.origins import Speed
from drol_jax.report.published import Published
from drol_jax.report.result import BenchmarkResult

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


def ranking(result: BenchmarkResult) -> Grid:
    """Trackers by measures."""
    rows = [(s.name, s.mean) for s in result.ranked]
    return Grid("", ("tracker", *(c.head for c in result.columns)), tuple(_by_column(rows, result.columns)))


def by_attribute(result: BenchmarkResult) -> list[Grid]:
    """A table for each measure: attributes by trackers."""
    names = sorted({name for scores in result.trackers for name in scores.attributes})
    counts = {name: n for s in result.trackers for name, (n, _) in s.attributes.items()}
    tables = {s.name: {name: row for name, (_, row) in s.attributes.items()} for s in result.ranked}
    return _by_tracker(result, names, tables, "attribute", counts)


def by_sequence(result: BenchmarkResult) -> list[Grid]:
    """A table for each measure that single sequences have: sequences by trackers."""
    return _by_tracker(result, result.sequences, {s.name: s.sequences for s in result.ranked}, "sequence", None)


def by_dialect(result: BenchmarkResult) -> list[Grid]:
    """A table for each share: trackers by dialects, and how far these lie apart."""
    if len(result.dialects) < 2:
        return []
    names, grids = list(result.dialects), []
    for column in (c for c in result.columns if c.share):
        rows = []
        for scores in result.ranked:
            values = [result.dialects[name].get(scores.name, {}).get(column.key) for name in names]
            found = [value for value in map(known, values) if value is not None]
            gap = Cell(cell(max(found) - min(found), column) if len(found) > 1 else "-")
            rows.append((scores.name, (*(Cell(cell(value, column)) for value in values), gap)))
        if any(one.text != "-" for _, cells in rows for one in cells):
            grids.append(Grid(f"{column.head}: {column.meaning}", ("tracker", *names, "spread"), tuple(rows)))
    return grids


def by_length(result: BenchmarkResult) -> Grid | None:
    """The expected overlap of runs of some lengths; None where the result has no such curve."""
    curves = {s.name: s.curves["expected_overlap"] for s in result.ranked if s.curves.get("expected_overlap")}
    if not curves:
        return None
    lengths = [n for n in LENGTHS if n <= max(len(curve) for curve in curves.values())]
    share = Column("", "", "")
    rows = tuple(
        (tracker, tuple(Cell(cell(curve[n - 1] if n <= len(curve) else None, share)) for n in lengths))
        for tracker, curve in curves.items()
    )
    return Grid("Expected overlap of runs of so many frames", ("tracker", *map(str, lengths)), rows)


def beside_published(result: BenchmarkResult, tables: Iterable[Published]) -> list[Grid]:
    """Published scores with the result's trackers among them, the best first; less measures that the result lacks."""
    grids = []
    by_key = {column.key: column for column in result.columns}
    by_key.setdefault("fps", Column("fps", "fps", "frames a second", share=False))
    for table in tables:
        keys = [key for key in by_key if any(key in row for row in table.rows.values())]
        if not keys or keys == ["fps"]:
            continue
        rows: list[tuple[str, Numbers]] = [*table.rows.items()]
        ours = [(f"here: {s.name}", s.mean) for s in result.trackers if s.mean]
        first = by_key[keys[0]]
        ordered = sorted(rows + ours, key=lambda row: first.place(row[1].get(first.key)))
        cells = tuple((name, tuple(Cell(cell(row.get(key), by_key[key])) for key in keys)) for name, row in ordered)
        head = ("tracker", *(by_key[key].head for key in keys))
        grids.append(Grid(table.source, head, cells, frozenset(name for name, _ in ours), about=table.about))
    return grids


def speeds(result: BenchmarkResult, measured: Mapping[str, Speed]) -> Grid | None:
    """Frame rates of the trackers that have one; seconds of compilation where a run wrote some down."""
    compiled = any(one.compile_seconds for one in measured.values())
    rows = []
    for scores in result.ranked:
        one = measured.get(scores.name)
        if one is not None:
            words = [f"{one.fps:.1f}", str(one.frames), f"{one.seconds:.1f}"]
            if compiled:
                words.append("-" if one.compile_seconds is None else f"{one.compile_seconds:.1f}")
            rows.append((scores.name, tuple(map(Cell, words))))
    head = ("tracker", "frames/s", "frames", "seconds", *(["compilation s"] if compiled else []))
    return Grid("", head, tuple(rows)) if rows else None


def differences(result: BenchmarkResult) -> Grid | None:
    """The best tracker against the others."""
    if not result.differences or result.compared is None:
        return None
    rows = []
    for (first, second), gap in result.differences.items():
        low, high = gap.interval
        words = (f"{gap.mean:+.3f}", f"{low:+.3f} to {high:+.3f}", f"{gap.p:.4f}")
        rows.append((f"{first} - {second}", tuple(Cell(word) for word in words)))
    return Grid(
        "", ("pair", result.compared.head + ("" if result.pooled else " a sequence"), "95 % interval", "p"), tuple(rows)
    )


def repeats(result: BenchmarkResult) -> Grid | None:
    """Spreads over trackers that differ by a seed's number alone."""
    rows = []
    for name, (runs, spreads) in result.repeats.items():
        for column in result.columns:
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


def unstable(result: BenchmarkResult) -> Grid | None:
    """Sequences on which repeated runs of a tracker lie far apart."""
    if not result.unstable:
        return None
    columns = {column.key: column for column in result.columns}
    rows = []
    for one in result.unstable:
        column = columns[one.measure]
        numbers = (cell(value, column) for value in (one.mean, one.deviation, one.lowest, one.highest))
        words = (one.tracker, column.head, str(one.runs), *numbers)
        rows.append((one.sequence, tuple(Cell(word) for word in words)))
    head = ("sequence", "tracker", "measure", "runs", "mean", "deviation", "lowest", "highest")
    return Grid("", head, tuple(rows))


def _by_tracker(
    result: BenchmarkResult,
    names: Sequence[str],
    tables: Mapping[str, Mapping[str, Numbers]],
    first: str,
    counts: Mapping[str, int] | None,
) -> list[Grid]:
    grids = []
    for column in result.columns:
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
    found = [value for value in map(known, values) if value is not None]
    best = (max(found) if column.larger_is_better else min(found)) if len(set(found)) > 1 else None
    return [
        Cell(cell(value, column), best is not None and value == best, known(value) if column.share else None)
        for value in values
    ]
