"""A summary as JSON and CSV."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from drol_jax.report.summary import Entrant, Line, Summary
from drol_jax.results import plain, write_text

_COLUMNS = ["tracker", "seeds", "kind", "name", "sequences", "frames", "auc", "auc_std", "auc_low", "auc_high"]
_COLUMNS += ["precision_20", "precision_20_std", "normalised_precision_02", "normalised_precision_02_std"]
_COLUMNS += ["fps", "compile_seconds"]


def write_summary(summary: Summary, folder: Path) -> None:
    """Write ``summary.json`` and ``summary.csv``.

    The JSON holds, per tracker, the mean, the sequences, the attributes and the mean curves; the CSV one line for
    each of the first three; auc_low and auc_high bound the 95 % interval of the mean over seeds. Deviations
    and intervals are null, or empty, for a single seed.

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
        "curves": plain(summary.curves(entrant)) if summary.covered else None,
    }


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
    return {
        "frames": line.frames,
        "auc": line.auc.mean,
        "auc_std": line.auc.deviation,
        "auc_low": line.auc.interval[0] if line.auc.interval else None,
        "auc_high": line.auc.interval[1] if line.auc.interval else None,
        "precision_20": line.precision.mean,
        "precision_20_std": line.precision.deviation,
        "normalised_precision_02": line.normalised_precision.mean,
        "normalised_precision_02_std": line.normalised_precision.deviation,
        "fps": line.fps,
        "compile_seconds": line.compile_seconds,
    }
