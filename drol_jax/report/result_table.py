"""A benchmark's result as terminal tables."""

from collections.abc import Iterator, Sequence
from typing import IO

from rich.table import Table

from drol_jax.metrics.reliability import Reliability
from drol_jax.report.columns import Column, Numbers, cell, short
from drol_jax.report.page_tables import unstable
from drol_jax.report.result import BenchmarkResult
from drol_jax.report.scores import Kind, TrackerScores
from drol_jax.report.unstable import LIMIT
from drol_jax.system.terminal import console, plain, plus_minus, table

BESIDE = 2
"""Trackers that stand beside each other with all leading measures; of more the first measure alone is shown."""
LEADING = 3
"""Measures that tables of attributes and sequences show."""


def show_result(result: BenchmarkResult, file: IO[str] | None = None, *, every_sequence: bool = False) -> None:
    """Print the ranking, the other dialects, attributes, differences, and what could not be scored.

    A cell of a tracker that ran under several seeds is the mean and the sample standard deviation over them.

    Args:
      file: default is standard output. A file or a pipe gets plain text without truncation.
      every_sequence: list the sequences too.
    """
    to = console(file)
    sign = plus_minus(to)
    for words in _opening(result, sign):
        to.print(words, soft_wrap=True)
    tables = [_ranking(result, sign), _dialects(result), _attributes(result, sign)]
    for one in (*tables, _sequences(result, sign) if every_sequence else None, _unstable(result)):
        if one is not None:
            to.print()
            to.print(one)
    to.print()
    for words in _closing(result, sign):
        to.print(words, soft_wrap=True)


def _opening(result: BenchmarkResult, sign: str) -> Iterator[str]:
    yield result.dataset + (f", dialect {result.dialect}" if result.dialect else "") + f": {result.convention}"
    yield "  " + ", ".join(f"{column.head} {column.meaning}" for column in result.columns)
    width = max((len(scores.label) for scores in result.trackers), default=0)
    for scores in result.trackers:
        if scores.label:
            seeds = ", ".join(map(str, scores.seeds))
            tail = f"seeds {seeds}: mean {sign} standard deviation" if scores.members else f"seed {seeds}"
            yield f"  {scores.label:<{width}}  {scores.name} ({tail})"


def _ranking(result: BenchmarkResult, sign: str) -> Table:
    made = table(["tracker"], [column.head for column in result.columns])
    for scores in result.ranked:
        made.add_row(plain(scores.name), *(_cell(scores, column, "mean", "", sign) for column in result.columns))
    return made


def _dialects(result: BenchmarkResult) -> Table | None:
    """Three measures in every dialect, and how far they lie apart; rates in different units are left out."""
    if len(result.dialects) < 2:
        return None
    names = list(result.dialects)
    heads = [name + ("*" if name == result.dialect else "") for name in names]
    made = table(["other dialects", ""], [*heads, "spread"])
    for scores in result.ranked:
        for number, column in enumerate([column for column in result.columns if column.share][:LEADING]):
            values = [result.dialects[name].get(scores.name, {}).get(column.key) for name in names]
            found = [value for value in values if value is not None]
            gap = cell(max(found) - min(found), column) if len(found) > 1 else "-"
            first = plain(scores.name if number == 0 else "")
            made.add_row(first, column.head, *(cell(value, column) for value in values), gap)
    return made


def _attributes(result: BenchmarkResult, sign: str) -> Table | None:
    counts = {name: count for scores in result.ranked for name, (count, _) in scores.attributes.items()}
    if not counts:
        return None
    columns = _shown(result, [numbers for one in result.trackers for _, numbers in one.attributes.values()])
    made = table(["attribute"], ["", *_heads(result, columns)])
    for name in sorted(counts):
        cells = [_cell(scores, column, "attribute", name, sign) for column in columns for scores in result.ranked]
        made.add_row(plain(name), str(counts[name]), *cells)
    return made


def _sequences(result: BenchmarkResult, sign: str) -> Table:
    ranked = result.ranked
    columns = _shown(result, [numbers for scores in ranked for numbers in scores.sequences.values()])
    timed = len(ranked) <= BESIDE and any(scores.timings for scores in ranked)
    rates = [Column("fps", "fps", "")] if timed else []
    made = table(["sequence"], [*(["frames"] if timed else []), *_heads(result, [*columns, *rates])])
    for name in result.sequences:
        cells = [
            _cell(scores, column, "sequence", name, sign) if name in scores.sequences else "none"
            for column in columns
            for scores in ranked
        ]
        made.add_row(plain(name), *_timed(result, (name,), cells, timed))
    if timed and result.covered and len(result.sequences) > 1:
        made.add_section()
        cells = [_cell(scores, column, "mean", "", sign) for column in columns for scores in ranked]
        made.add_row(plain("mean"), *_timed(result, result.covered, cells, timed), style="bold")
    return made


def _unstable(result: BenchmarkResult) -> Table | None:
    """Sequences on which repeated runs of a tracker lie far apart."""
    grid = unstable(result)
    if grid is None:
        return None
    made = table([f"unstable: deviates by over {short(LIMIT)}", "tracker"], grid.head[2:])
    for name, (tracker, *cells) in grid.rows:
        made.add_row(plain(name), plain(tracker.text), *(one.text for one in cells))
    return made


def _timed(result: BenchmarkResult, sequences: Sequence[str], cells: list[str], timed: bool) -> list[str]:
    """Cells between the number of frames in one pass and the trackers' frame rates."""
    if not timed:
        return cells
    costs = [(scores.timing(sequences), max(len(scores.seeds), 1)) for scores in result.ranked]
    frames = next((str(cost.frames // seeds) for cost, seeds in costs if cost.frames), "-")
    return [frames, *cells, *("-" if cost.fps is None else _rate(cost.fps) for cost, _ in costs)]


def _rate(fps: float) -> str:
    return f"{fps:.0f}" if fps >= 10 else f"{fps:.1f}"


def _cell(scores: TrackerScores, column: Column, kind: Kind, name: str, sign: str) -> str:
    words = cell(scores.numbers(kind, name).get(column.key), column)
    spread = scores.spread(column.key, kind, name) if scores.members else None
    return words if spread is None or spread.deviation is None else f"{words}{sign}{cell(spread.deviation, column)}"


def _shown(result: BenchmarkResult, rows: Sequence[Numbers]) -> list[Column]:
    """The leading columns that any row has a number in: neither sequences nor attributes have every measure."""
    found = [c for c in result.columns if any(row.get(c.key) is not None for row in rows)] or [result.columns[0]]
    return found[: LEADING if len(result.trackers) <= BESIDE else 1]


def _heads(result: BenchmarkResult, columns: Sequence[Column]) -> list[str]:
    """Measure by measure the trackers side by side."""
    alone = len(result.trackers) == 1 and bool(result.trackers[0].label)
    return [column.head + ("" if alone else f"\n{scores.short}") for column in columns for scores in result.ranked]


def _mean(found: Reliability) -> float:
    return sum(one.frames * one.confidence for one in found.bins) / found.frames


def _closing(result: BenchmarkResult, sign: str) -> Iterator[str]:
    if not result.covered:
        yield "No mean: no sequence has a scorable result of every tracker."
    elif len(result.covered) == len(result.sequences):
        yield f"Over all {len(result.covered)} sequences." if len(result.covered) > 1 else "One sequence."
    else:
        yield (
            f"Over {len(result.covered)} of {len(result.sequences)} sequences: those that every tracker has a scorable "
            "result of."
        )
    for name, (runs, spreads) in result.repeats.items():
        parts = []
        for column in result.columns[:LEADING]:
            spread = spreads.get(column.key)
            if spread is not None and spread.interval is not None and spread.deviation is not None:
                low, high = (cell(value, column) for value in spread.interval)
                parts.append(
                    f"{column.head} {cell(spread.mean, column)} {sign} {cell(spread.deviation, column)} "
                    f"(95 %: {low} to {high})"
                )
        yield f"{name}, {runs} runs, mean {sign} deviation, Student's t interval: {', '.join(parts)}"
    head, unit = result.compared.head if result.compared else "", "" if result.pooled else " a sequence"
    for (first, second), gap in result.differences.items():
        low, high = (f"{value:+.3f}" for value in gap.interval)
        yield (
            f"{first} - {second}: {head} {gap.mean:+.3f}{unit}, 95 % bootstrap interval {low} to {high}, "
            f"p = {gap.p:.4f} (sign flips)"
        )
    for scores in result.trackers:
        if (found := scores.reliability) is not None:
            roc = "" if found.roc is None else f", tells lost boxes with an area under ROC of {found.roc:.3f}"
            yield (
                f"{scores.short}'s confidence: mean {_mean(found):.2f} where {found.right:.2f} of {found.frames} boxes "
                f"are right, calibration error {found.error:.3f}{roc}"
            )
    yield from result.notes
    labels = {scores.name: scores.short for scores in result.trackers}
    for refusal in result.refusals:
        who = "" if refusal.tracker is None else labels.get(refusal.tracker, refusal.tracker)
        seed = "" if refusal.seed is None else f", seed {refusal.seed}"
        yield f"FAILED {refusal.sequence}" + (f" ({who}{seed})" if who else "") + f": {refusal.message}"
