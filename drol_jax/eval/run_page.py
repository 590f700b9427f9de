"""The page of a tracking run: its summary, and its files as every protocol scores them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval.protocols import scorers
from drol_jax.eval.scoring import Request, score_folders
from drol_jax.report.board import Board, Numbers
from drol_jax.report.export import write_tables
from drol_jax.report.summary import Summary
from drol_jax.report.summary_board import board_of


def write_run_page(summary: Summary, folder: Path, entries: Sequence[datasets.SequenceEntry]) -> Path:
    """Write ``report.html``, ``tables.md`` and ``tables.tex`` beside the summary.

    Args:
      folder: holds the trackers' folders.
      entries: the sequences of the run.

    Raises:
      UserError: the file cannot be written.
    """
    from drol_jax.report.page import write_page  # loads matplotlib, which takes a second

    board = run_board(summary, folder, entries)
    write_tables(board, folder)
    return write_page(board, folder, entries, summary.entrants[0].name)


def run_board(summary: Summary, folder: Path, entries: Sequence[datasets.SequenceEntry]) -> Board:
    """The summary as a board, with means by the other protocols."""
    folders = {
        entrant.name: [folder / (entrant.name if len(entrant.seeds) == 1 else f"{entrant.name}_s{seed}")
                       for seed in entrant.seeds]
        for entrant in summary.entrants
    }  # fmt: skip
    convention = scorers(summary.dataset, "ope", "pysot")[0].convention
    return board_of(summary, folders, convention, _dialects(summary, folders, entries))


def _dialects(
    summary: Summary, folders: Mapping[str, Sequence[Path]], entries: Sequence[datasets.SequenceEntry]
) -> dict[str, dict[str, Numbers]]:
    """By protocol and entrant the means over seeds, where every seed has one."""
    known = datasets.benchmark(summary.dataset)
    if not summary.covered or (known is not None and known.protocol != "ope"):
        return {}
    every = [path for paths in folders.values() for path in paths]
    request = Request(dataset=summary.dataset, entries=entries, wanted=summary.covered, folders=every, protocol="pysot")
    try:
        scored = score_folders(request).dialects
    except UserError:  # files that somebody took away meanwhile: the summary's own numbers still stand
        return {}
    result: dict[str, dict[str, Numbers]] = {}
    for protocol, table in scored.items():
        result[protocol] = {}
        for entrant, paths in folders.items():
            rows = [table[path.name] for path in paths if path.name in table]
            if len(rows) == len(paths):
                result[protocol][entrant] = {key: _mean([row[key] for row in rows]) for key in rows[0]}
    return result


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if len(known) == len(values) else None
