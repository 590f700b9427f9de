"""A summary as JSON and CSV."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from drol_jax.metrics.ope import Scores
from drol_jax.report.summary import Entrant, Line, Summary
from drol_jax.results import plain, write_text

_MEASURES = ("auc", "precision_20", "normalised_precision_02")
_COLUMNS = ["tracker", "seeds", "kind", "name", "sequences", "frames"]
_COLUMNS += [f"{measure}{part}" for measure in _MEASURES for part in ("", "_std", "_low", "_high")]
_COLUMNS += ["fps", "compile_seconds"]


def write_summary(summary: Summary, folder: Path) -> None:
    """Write ``summary.json`` and ``summary.csv``.

    The JSON holds, per tracker, the mean, the sequences, the attributes and the mean curves; the CSV one line for
    each of the first three. Standard deviations over seeds, and the ends of the 95 % interval of the mean
    (``_low``, ``_high``; Student's t), are null, or empty, for a single seed.

    Args:
      folder: exists.

    Raises:
      UserError: a file cannot be written.
    """
    write_text(folder / "summary.json", json.dumps(as_dict(summary), indent=2, allow_nan=False) + "\n")
    text = io.StringIO()
    rows = [_csv_row(entrant, *row) for entrant in summary.entrants for row in _rows(summary, entrant)]
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(folder / "summary.csv", text.getvalue())


def as_dict(summary: Summary) -> dict[str, Any]:
    """The summary in JSON's own types."""
    return {
        "dataset": summary.dataset,
        "sequences_asked": len(summary.sequences),
        "sequences_in_mean": len(summary.covered),
        "trackers": [_tracker(summary, entrant) for entrant in summary.entrants],
        "differences": [
            {"first": first.name, "second": other.name, "measure": "auc", **plain(gap)}
            for first in summary.entrants[:1]
            for other in summary.entrants[1:]
            if (gap := summary.difference(first, other)) is not None
        ],
        "failures": plain(summary.failures),
    }


def _tracker(summary: Summary, entrant: Entrant) -> dict[str, Any]:
    tables: dict[str, Any] = {"mean": None, "sequence": {}, "attribute": {}}
    for kind, name, sequences, line in _rows(summary, entrant):
        numbers = {"sequences": sequences, **_numbers(line)}
        if kind == "mean":
            tables["mean"] = numbers
        else:
            tables[kind][name] = numbers
    return {
        "name": entrant.name,
        "seeds": list(entrant.seeds),
        "mean": tables["mean"],
        "sequences": tables["sequence"],
        "attributes": tables["attribute"],
        "curves": _curves(summary.curves(entrant)) if summary.covered else None,
    }


def _curves(scores: Scores) -> dict[str, list[float]]:
    return {name: getattr(scores, name).tolist() for name in ("success", "precision", "normalised_precision")}


def _rows(summary: Summary, entrant: Entrant) -> Iterator[tuple[str, str, int, Line]]:
    """(kind, name, number of sequences, numbers) of everything told about an entrant."""
    for sequence in summary.sequences:
        if summary.finished(entrant, sequence):
            yield "sequence", sequence, 1, summary.line(entrant, [sequence])
    for attribute, sequences in summary.carriers().items():
        yield "attribute", attribute, len(sequences), summary.line(entrant, sequences)
    if summary.covered:
        yield "mean", "", len(summary.covered), summary.line(entrant, summary.covered)


def _csv_row(entrant: Entrant, kind: str, name: str, sequences: int, line: Line) -> dict[str, Any]:
    seeds = " ".join(str(seed) for seed in entrant.seeds)
    return {"tracker": entrant.name, "seeds": seeds, "kind": kind, "name": name, "sequences": sequences} | _numbers(
        line
    )


def _numbers(line: Line) -> dict[str, float | int | None]:
    numbers: dict[str, float | int | None] = {"frames": line.frames}
    for measure, spread in zip(_MEASURES, (line.auc, line.precision, line.normalised_precision), strict=True):
        low, high = spread.interval or (None, None)
        numbers |= {measure: spread.mean, f"{measure}_std": spread.deviation}
        numbers |= {f"{measure}_low": low, f"{measure}_high": high}
    return numbers | {"fps": line.fps, "compile_seconds": line.compile_seconds}
