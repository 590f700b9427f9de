"""The paper's ablation table with our figures beside its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from drol_jax.report.columns import Column, cell, short
from drol_jax.report.result import BenchmarkResult
from drol_jax.system.terminal import console, plain, plus_minus, table


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    tracker: str
    """Name in the result; with several seeds, their common name."""
    group: str
    words: tuple[str, str, str]
    """Fusion weight, pipeline, interval, in words."""
    published: Mapping[str, tuple[float, float]]
    """Success AUC and normalised precision by benchmark."""


def show_ablation(
    result: BenchmarkResult | None, lines: Sequence[Line], groups: Mapping[str, str], file: IO[str] | None = None
):
    """Print the table: our first three measures, then the paper's.

    Args:
      result: None where there are no scores here.
      groups: what each group varies.
      file: default is standard output. A file or a pipe gets plain text without truncation.
    """
    to = console(file)
    sign = plus_minus(to)
    columns = result.columns[:3] if result else ()
    ours = [f"{result.dataset if result else ''}\n{column.head}" for column in columns]
    benchmarks = list(dict.fromkeys(name for line in lines for name in line.published))
    theirs = [head for name in benchmarks for head in (f"paper, {name}\nAUC", "\nNP")]
    made = table(["group"], ["weight", "pipeline", "T", *ours, *theirs])
    last = None
    for line in lines:
        if last not in (None, line.group):
            made.add_section()
        head = f"{line.group} {groups[line.group]}" if line.group != last else ""
        reached = [_ours(result, line.tracker, column, sign) for column in columns] if result else []
        printed = [short(value) for name in benchmarks for value in line.published[name]]
        made.add_row(plain(head), *line.words, *reached, *printed)
        last = line.group
    to.print(made)


def _ours(result: BenchmarkResult, tracker: str, column: Column, sign: str) -> str:
    if tracker in result.repeats:
        spread = result.repeats[tracker][1].get(column.key)
        if spread is None or spread.deviation is None:
            return "-"
        return f"{cell(spread.mean, column)}{sign}{cell(spread.deviation, column)}"
    found = [scores for scores in result.trackers if scores.name == tracker]
    return cell(found[0].mean.get(column.key), column) if found else "failed"
