"""A summary as terminal tables."""

from collections.abc import Iterable, Iterator
from typing import IO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from drol_jax.metrics.spread import Spread
from drol_jax.report.summary import Entrant, Line, Summary

UNLIMITED = 10_000
"""Width given to files and pipes, which cut nothing off; tables only take what their cells need."""


def show(summary: Summary, file: IO[str] | None = None) -> None:
    """Print the tables: per sequence with the mean, per attribute, then compile time and failures.

    Trackers stand side by side under each metric. With several seeds a cell is the mean and the sample standard
    deviation over them. Output to a file or a pipe is plain text without truncation.

    Args:
      file: default is standard output.
    """
    console = Console(file=file, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = UNLIMITED
    plus_minus = "±" if console.encoding.lower().startswith("utf") else "+-"
    for words in _opening(summary, plus_minus):
        console.print(words, soft_wrap=True)
    for table in (_by_sequence(summary, plus_minus), _by_attribute(summary, plus_minus)):
        if table is not None:
            console.print()
            console.print(table)
    console.print()
    for words in _closing(summary):
        console.print(words, soft_wrap=True)


def short(value: float) -> str:
    """A share with three decimals and no leading zero: ".612", "-.020", "1.000"."""
    return f"{value:.3f}".removeprefix("0").replace("-0.", "-.")


def _opening(summary: Summary, plus_minus: str) -> Iterator[str]:
    yield f"{summary.dataset}: success AUC, precision at 20 px (P@20), normalised precision at 0.2 (NP)"
    width = max(len(entrant.label) for entrant in summary.entrants)
    for entrant in summary.entrants:
        seeds = ", ".join(str(seed) for seed in entrant.seeds)
        one = len(entrant.seeds) == 1
        tail = f"seed {seeds}" if one else f"seeds {seeds}: mean {plus_minus} standard deviation"
        yield f"  {entrant.label:<{width}}  {entrant.name} ({tail})"


def _closing(summary: Summary) -> Iterator[str]:
    covered = summary.covered
    if len(covered) == len(summary.sequences):
        yield f"Mean over all {len(covered)} sequences." if len(covered) > 1 else "One sequence."
    elif covered:
        yield f"Mean over {len(covered)} of {len(summary.sequences)} sequences: those that every tracker finished."
    else:
        yield "No mean: no sequence was finished by every tracker."
    if covered:
        for entrant in summary.entrants:
            yield from _certainty(entrant, summary.line(entrant, covered))
    for other in summary.entrants[1:]:
        gap = summary.difference(summary.entrants[0], other)
        if gap is not None:
            low, high = (f"{value:+.3f}" for value in gap.interval)
            between = f"{summary.entrants[0].label} - {other.label}"
            yield f"{between}: AUC {gap.mean:+.3f} a sequence (95 %: {low} to {high}), p = {gap.p:.4f} by sign flips."
    times = []
    for entrant in summary.entrants:
        done = [sequence for sequence in summary.sequences if summary.finished(entrant, sequence)]
        if done:
            times.append(f"{entrant.label} {summary.line(entrant, done).compile_seconds:.1f} s")
    if times:
        yield f"Compilation, not part of fps: {', '.join(times)}."
    labels = {entrant.name: entrant.label for entrant in summary.entrants}
    for failure in summary.failures:
        who = "" if failure.entrant is None else f" ({labels[failure.entrant]}, seed {failure.seed})"
        yield f"FAILED {failure.sequence}{who}: {failure.message}"


def _certainty(entrant: Entrant, line: Line) -> Iterator[str]:
    """Student's t intervals over the seeds; nothing for a single one."""
    spreads = {"AUC": line.auc, "P@20": line.precision, "NP": line.normalised_precision}
    parts = [
        f"{head} {short(spread.interval[0])} to {short(spread.interval[1])}"
        for head, spread in spreads.items()
        if spread.interval is not None
    ]
    if parts:
        yield f"{entrant.label}, {len(entrant.seeds)} seeds, 95 % intervals: {', '.join(parts)}."


def _by_sequence(summary: Summary, plus_minus: str) -> Table:
    table = _table("sequence", "frames", summary.entrants, speed=True)
    for sequence in summary.sequences:
        lines = [summary.line(e, [sequence]) if summary.finished(e, sequence) else None for e in summary.entrants]
        frames = next((str(line.frames) for line in lines if line), "-")
        table.add_row(Text(sequence), frames, *_cells(lines, plus_minus, speed=True))
    if summary.covered:
        lines = [summary.line(entrant, summary.covered) for entrant in summary.entrants]
        table.add_section()
        mean = Text("mean")
        table.add_row(mean, str(lines[0].frames), *_cells(lines, plus_minus, speed=True), style="bold")
    return table


def _by_attribute(summary: Summary, plus_minus: str) -> Table | None:
    carriers = summary.carriers()
    if not carriers:
        return None
    table = _table("attribute", "sequences", summary.entrants, speed=False)
    for attribute, sequences in carriers.items():
        lines = [summary.line(entrant, sequences) for entrant in summary.entrants]
        table.add_row(Text(attribute), str(len(sequences)), *_cells(lines, plus_minus, speed=False))
    return table


def _table(first: str, second: str, entrants: tuple[Entrant, ...], *, speed: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), collapse_padding=True)
    # A terminal too narrow folds the names; it never cuts them.
    table.add_column(first, overflow="fold")
    table.add_column(second, justify="right", no_wrap=True)
    for metric in ("AUC", "P@20", "NP", *(["fps"] if speed else [])):
        for entrant in entrants:
            head = metric if len(entrants) == 1 else f"{metric}\n{entrant.label}"
            table.add_column(head, justify="right", no_wrap=True)
    return table


def _cells(lines: Iterable[Line | None], plus_minus: str, *, speed: bool) -> list[str]:
    """Metric by metric, the entrants side by side."""
    lines = list(lines)
    cells = [
        "failed" if line is None else _share(spread(line), plus_minus)
        for spread in (lambda x: x.auc, lambda x: x.precision, lambda x: x.normalised_precision)
        for line in lines
    ]
    return cells + ([_rate(line) for line in lines] if speed else [])


def _share(spread: Spread, plus_minus: str) -> str:
    return short(spread.mean) + ("" if spread.deviation is None else plus_minus + short(spread.deviation))


def _rate(line: Line | None) -> str:
    if line is None or line.fps is None:
        return "-"
    return f"{line.fps:.0f}" if line.fps >= 10 else f"{line.fps:.1f}"
