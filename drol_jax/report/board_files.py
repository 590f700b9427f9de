"""A board as JSON and CSV, with every number."""

import csv
import io
import json
from math import isfinite
from pathlib import Path
from typing import Any

from drol_jax.report.board import Board, Numbers
from drol_jax.results import plain, write_text


def write_board(board: Board, folder: Path) -> None:
    """Write ``scores.json`` and ``scores.csv``.

    The CSV holds a line for each tracker's mean, each of its sequences and attributes, and each other protocol.

    Args:
      folder: exists.

    Raises:
      UserError: a file cannot be written.
    """
    write_text(folder / "scores.json", json.dumps(as_dict(board), indent=2, allow_nan=False) + "\n")
    text = io.StringIO()
    keys = [column.key for column in board.columns]
    writer = csv.DictWriter(text, ["tracker", "protocol", "kind", "name", "count", *keys], lineterminator="\n")
    writer.writeheader()
    writer.writerows(_rows(board))
    write_text(folder / "scores.csv", text.getvalue())


def as_dict(board: Board) -> dict[str, Any]:
    """The board in JSON's own types; a number that is not finite becomes None, as JSON has no word for it."""
    return _finite(_as_dict(board))


def _as_dict(board: Board) -> dict[str, Any]:
    return {
        "dataset": board.dataset,
        "protocol": board.protocol,
        "convention": board.convention,
        "measures": {column.key: column.meaning for column in board.columns},
        "sequences_asked": len(board.sequences),
        "sequences_in_mean": len(board.covered),
        "sequences_not_in_mean": [name for name in board.sequences if name not in set(board.covered)],
        "trackers": [
            {
                "name": standing.tracker,
                "folder": standing.folder,
                "mean": dict(standing.overall),
                "sequences": plain(standing.sequences),
                "attributes": {name: {"count": n, **row} for name, (n, row) in standing.attributes.items()},
                "curves": plain(standing.curves),
                "protocols": {name: dict(rows[standing.tracker]) for name, rows in board.dialects.items()
                              if standing.tracker in rows},
            }
            for standing in board.ranked
        ],
        "differences": [
            {"first": first, "second": second, "measure": board.compared.key if board.compared else None, **plain(gap)}
            for (first, second), gap in board.differences.items()
        ],
        "repeats": {name: {"runs": runs, **plain(spreads)} for name, (runs, spreads) in board.repeats.items()},
        "failures": plain(list(board.refusals)),
        "notes": list(board.notes),
    }  # fmt: skip


def _rows(board: Board) -> list[dict[str, Any]]:
    rows = []

    def add(tracker: str, protocol: str, kind: str, name: str, count: int, numbers: Numbers) -> None:
        rows.append(
            {"tracker": tracker, "protocol": protocol, "kind": kind, "name": name, "count": count} | {**numbers}
        )

    for standing in board.ranked:
        for name, numbers in standing.sequences.items():
            add(standing.tracker, board.protocol, "sequence", name, 1, numbers)
        for name, (count, numbers) in standing.attributes.items():
            add(standing.tracker, board.protocol, "attribute", name, count, numbers)
        if standing.overall:
            add(standing.tracker, board.protocol, "mean", "", len(board.covered), standing.overall)
        for protocol, table in board.dialects.items():
            if protocol != board.protocol and standing.tracker in table:
                add(standing.tracker, protocol, "mean", "", len(board.covered), table[standing.tracker])
    return rows


def _finite(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _finite(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_finite(value) for value in tree]
    return None if isinstance(tree, float) and not isfinite(tree) else tree
