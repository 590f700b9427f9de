"""One pass over a benchmark as ``summary.json`` and ``summary.csv``: means with their spread over seeds, and times."""

import csv
import io
import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from drol_jax.report.columns import Column
from drol_jax.report.result import BenchmarkResult
from drol_jax.report.scores import Kind, TrackerScores, reliability_entry
from drol_jax.results.settings import plain
from drol_jax.system.atomic import write_text
from drol_jax.tracks.formats.csv import guarded

_LEADING = 3
"""Measures before the times; further ones follow them."""
_NAMES = {"normalised_precision": "normalised_precision_02"}
"""Columns that these files call otherwise."""

_Row = tuple[Kind, str, tuple[str, ...]]
"""Kind, name, and the sequences that the numbers are over."""


def write_summary(result: BenchmarkResult, folder: Path) -> None:
    """Write ``summary.json`` and ``summary.csv``.

    The JSON holds, per tracker, the mean, the sequences, the attributes and the mean curves; the CSV one line for
    each of the first three. Standard deviations over seeds, and the ends of the 95 % interval of the mean
    (``_low``, ``_high``; Student's t), are null, or empty, for a single seed. Both name the dialect.
    In the CSV a name that a spreadsheet would run as a formula has a ``'`` before it.

    Args:
      folder: exists.

    Raises:
      UserError: a file cannot be written.
    """
    write_text(folder / "summary.json", json.dumps(as_dict(result), indent=2, allow_nan=False) + "\n")
    text = io.StringIO()
    rows = [_csv_row(result, scores, row) for scores in result.trackers for row in _rows(result, scores)]
    heads = ["tracker", "seeds", "kind", "name", "sequences", *_heads(result), "dialect"]
    writer = csv.DictWriter(text, heads, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(folder / "summary.csv", text.getvalue())


def as_dict(result: BenchmarkResult) -> dict[str, Any]:
    """The summary in JSON's own types."""
    return {
        "dataset": result.dataset,
        "dialect": result.dialect,
        "convention": result.convention,
        "measures": {_name(column): column.meaning for column in result.columns},
        "sequences_asked": len(result.sequences),
        "sequences_in_mean": len(result.covered),
        "trackers": [_tracker(result, scores) for scores in result.trackers],
        "differences": [
            {"first": first, "second": second, "measure": result.compared and result.compared.key, **plain(gap)}
            for (first, second), gap in result.differences.items()
        ],
        "unstable": plain(list(result.unstable)),
        "failures": [
            {"sequence": one.sequence, "entrant": one.tracker, "seed": one.seed, "message": one.message}
            for one in result.refusals
        ],
    }


def _tracker(result: BenchmarkResult, scores: TrackerScores) -> dict[str, Any]:
    tables: dict[str, Any] = {"mean": {}, "sequence": {}, "attribute": {}}
    for kind, name, sequences in _rows(result, scores):
        tables[kind][name] = {"sequences": len(sequences), **_numbers(result, scores, (kind, name, sequences))}
    return {
        "name": scores.name,
        "seeds": list(scores.seeds),
        "mean": tables["mean"].get(""),
        "sequences": tables["sequence"],
        "attributes": tables["attribute"],
        "curves": dict(scores.curves) or None,
        **reliability_entry(scores),
    }


def _rows(result: BenchmarkResult, scores: TrackerScores) -> Iterator[_Row]:
    """Everything that is told about a tracker."""
    for name in result.sequences:
        if name in scores.sequences:
            yield "sequence", name, (name,)
    for name, sequences in result.carriers.items():
        yield "attribute", name, sequences
    if result.covered:
        yield "mean", "", result.covered


def _csv_row(result: BenchmarkResult, scores: TrackerScores, row: _Row) -> dict[str, Any]:
    kind, name, sequences = row
    seeds = " ".join(map(str, scores.seeds))
    named = {"tracker": guarded(scores.name), "seeds": seeds, "kind": kind, "name": guarded(name)}
    return named | {"sequences": len(sequences)} | _numbers(result, scores, row) | {"dialect": result.dialect}


def _numbers(result: BenchmarkResult, scores: TrackerScores, row: _Row) -> dict[str, float | int | None]:
    kind, name, sequences = row
    cost = scores.timing(sequences)
    shares: list[list[float | None]] = []
    for column in result.columns:
        spread = scores.spread(column.key, kind, name)
        low, high = (spread and spread.interval) or (None, None)
        shares.append([spread and spread.mean, spread and spread.deviation, low, high])
    frames = cost.frames // max(len(scores.seeds), 1)
    values = [frames, *_flat(shares[:_LEADING]), cost.fps, cost.compile_seconds, *_flat(shares[_LEADING:])]
    return dict(zip(_heads(result), values, strict=True))


def _heads(result: BenchmarkResult) -> list[str]:
    names = [_name(column) for column in result.columns]
    every = [[f"{name}{part}" for part in ("", "_std", "_low", "_high")] for name in names]
    return ["frames", *_flat(every[:_LEADING]), "fps", "compile_seconds", *_flat(every[_LEADING:])]


_flat = chain.from_iterable


def _name(column: Column) -> str:
    return _NAMES.get(column.key, column.key)
