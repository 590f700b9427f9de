"""What trackers scored on one benchmark, side by side, and the same numbers as JSON and CSV."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from drol_jax.metrics.spread import Difference, Spread
from drol_jax.report.columns import Column, Numbers
from drol_jax.report.scores import Refusal, TrackerScores, reliability_entry
from drol_jax.report.unstable import Unstable
from drol_jax.results.settings import plain
from drol_jax.system.atomic import write_text
from drol_jax.tracks.formats.csv import guarded


@dataclass(frozen=True, eq=False)
class BenchmarkResult:
    """Trackers side by side, scored from their result files in one dialect."""

    dataset: str
    dialect: str
    """Whose arithmetic scored the files: "pysot", "got10k", "lasot", ...; empty where a server is to score them."""
    convention: str
    """The dialect in words."""
    columns: tuple[Column, ...]
    """Measures; trackers are ranked by the first."""
    sequences: tuple[str, ...]
    """Every sequence asked for."""
    covered: tuple[str, ...]
    """Sequences that every tracker has a scorable result of: only over these are means comparable."""
    trackers: tuple[TrackerScores, ...]
    refusals: tuple[Refusal, ...] = ()
    dialects: Mapping[str, Mapping[str, Numbers]] = field(default_factory=dict)
    """Numbers over the covered sequences, by dialect and tracker; what a dialect refuses is missing."""
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Attributes of each sequence."""
    differences: Mapping[tuple[str, str], Difference] = field(default_factory=dict)
    """Differences of the per-sequence scores of `compared`, by (tracker, tracker)."""
    compared: Column | None = None
    """The first column that single sequences have a number in."""
    repeats: Mapping[str, tuple[int, Mapping[str, Spread]]] = field(default_factory=dict)
    """Trackers that ran several times, under seeds or numbers of their own: how often, and each column's spread."""
    unstable: tuple[Unstable, ...] = ()
    """Sequences on which repeated runs of a tracker lie far apart."""
    notes: tuple[str, ...] = ()

    @property
    def pooled(self) -> bool:
        """Whether trackers are compared by a measure of all sequences together."""
        first = self.columns[0].key
        return getattr(self.compared, "key", None) == first and any(one.parts is not None for one in self.trackers)

    @property
    def ranked(self) -> tuple[TrackerScores, ...]:
        """Trackers from the best to the worst by the first column; without a number, or with NaN, last."""
        first = self.columns[0]
        return tuple(sorted(self.trackers, key=lambda scores: first.place(scores.mean.get(first.key))))

    @property
    def carriers(self) -> dict[str, tuple[str, ...]]:
        """Covered sequences that carry each attribute, attributes in alphabetical order."""
        names = sorted({name for sequence in self.covered for name in self.attributes.get(sequence, ())})
        return {name: tuple(s for s in self.covered if name in self.attributes.get(s, ())) for name in names}

    def to_dict(self) -> dict[str, Any]:
        """Every number in JSON's own types; one that is not finite becomes None, as JSON has no word for it.

        "protocol" and "protocols" repeat "dialect" and "dialects" under the names of earlier versions.
        """
        return _finite(_as_dict(self))

    def write(self, folder: Path) -> None:
        """Write ``scores.json`` and ``scores.csv``.

        The CSV holds a line for each tracker's mean, each of its sequences and attributes, and each other dialect.
        A name that a spreadsheet would run as a formula has a ``'`` before it there.

        Args:
          folder: exists.

        Raises:
          UserError: a file cannot be written.
        """
        write_text(folder / "scores.json", json.dumps(self.to_dict(), indent=2, allow_nan=False) + "\n")
        text = io.StringIO()
        keys = [column.key for column in self.columns]
        heads = ["tracker", "protocol", "kind", "name", "count", *keys, "dialect"]
        writer = csv.DictWriter(text, heads, lineterminator="\n")
        writer.writeheader()
        writer.writerows(_rows(self))
        write_text(folder / "scores.csv", text.getvalue())


def _as_dict(result: BenchmarkResult) -> dict[str, Any]:
    return {
        "dataset": result.dataset,
        "dialect": result.dialect,
        "protocol": result.dialect,
        "convention": result.convention,
        "measures": {column.key: column.meaning for column in result.columns},
        "sequences_asked": len(result.sequences),
        "sequences_in_mean": len(result.covered),
        "sequences_not_in_mean": [name for name in result.sequences if name not in set(result.covered)],
        "trackers": [_tracker(result, scores) for scores in result.ranked],
        "differences": [
            {"first": first, "second": second, "measure": result.compared and result.compared.key, **plain(gap)}
            for (first, second), gap in result.differences.items()
        ],
        "repeats": {name: {"runs": runs, **plain(spreads)} for name, (runs, spreads) in result.repeats.items()},
        "unstable": plain(list(result.unstable)),
        "failures": plain(list(result.refusals)),
        "notes": list(result.notes),
    }


def _tracker(result: BenchmarkResult, scores: TrackerScores) -> dict[str, Any]:
    dialects = {name: dict(rows[scores.name]) for name, rows in result.dialects.items() if scores.name in rows}
    return {
        "name": scores.name,
        "folder": scores.folder,
        "seeds": list(scores.seeds),
        "mean": dict(scores.mean),
        "sequences": plain(scores.sequences),
        "attributes": {name: {"count": n, **row} for name, (n, row) in scores.attributes.items()},
        "curves": plain(scores.curves),
        "dialects": dialects,
        "protocols": dialects,
        **reliability_entry(scores),
    }


def _rows(result: BenchmarkResult) -> list[dict[str, Any]]:
    rows = []

    def add(tracker: str, dialect: str, kind: str, name: str, count: int, numbers: Numbers) -> None:
        named = {"tracker": guarded(tracker), "protocol": dialect, "kind": kind, "name": guarded(name), "count": count}
        rows.append(named | {**numbers} | {"dialect": dialect})

    for scores in result.ranked:
        for name, numbers in scores.sequences.items():
            add(scores.name, result.dialect, "sequence", name, 1, numbers)
        for name, (count, numbers) in scores.attributes.items():
            add(scores.name, result.dialect, "attribute", name, count, numbers)
        if scores.mean:
            add(scores.name, result.dialect, "mean", "", len(result.covered), scores.mean)
        for dialect, table in result.dialects.items():
            if dialect != result.dialect and scores.name in table:
                add(scores.name, dialect, "mean", "", len(result.covered), table[scores.name])
    return rows


def _finite(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _finite(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_finite(value) for value in tree]
    return None if isinstance(tree, float) and not isfinite(tree) else tree
