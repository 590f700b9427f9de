"""A tracking run's summary as a board, so that one page shows either."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from drol_jax.metrics.spread import Difference, Spread
from drol_jax.report.board import Board, Column, Numbers, Refusal, Standing
from drol_jax.report.summary import Entrant, Failure, Line, Summary

_SHARES = (
    Column("auc", "AUC", "success, mean of 21 thresholds"),
    Column("precision_20", "P@20", "precision at 20 px"),
    Column("normalised_precision", "NP", "normalised precision, at 0.2"),
)
COSTS = (
    Column("frames", "frames", "frames in one pass", share=False),
    Column("fps", "fps", "frames a second, compilation excluded", share=False, decimals=1),
    Column("compile_seconds", "compile s", "seconds of compilation", larger_is_better=False, share=False, decimals=1),
)


def board_of(
    summary: Summary,
    folders: Mapping[str, Sequence[Path]],
    convention: str,
    dialects: Mapping[str, Mapping[str, Numbers]] | None = None,
) -> Board:
    """The summary's numbers as a board: means over seeds, with their deviations as columns where there are several.

    Args:
      folders: by entrant its results folders, one a seed.
      convention: whose, in words.
      dialects: by protocol and entrant the means over covered sequences.
    """
    columns = _SHARES
    if any(len(entrant.seeds) > 1 for entrant in summary.entrants):
        columns += tuple(
            Column(f"{c.key}_std", f"{c.head} ±", f"standard deviation over seeds of {c.head}", larger_is_better=False)
            for c in _SHARES
        )
    columns += COSTS
    return Board(
        dataset=summary.dataset,
        protocol="pysot",
        convention=convention,
        columns=columns,
        sequences=summary.sequences,
        covered=summary.covered,
        standings=tuple(_standing(summary, entrant, folders[entrant.name], columns) for entrant in summary.entrants),
        refusals=tuple(_refusal(failure) for failure in summary.failures),
        dialects=dialects or {},
        compared=_SHARES[0],
        differences=_differences(summary),
        repeats=_repeats(summary),
    )


def _differences(summary: Summary) -> dict[tuple[str, str], Difference]:
    """The first entrant against each other one."""
    first, *others = summary.entrants
    gaps = {(first.name, other.name): summary.difference(first, other) for other in others}
    return {pair: gap for pair, gap in gaps.items() if gap is not None}


def _repeats(summary: Summary) -> dict[str, tuple[int, dict[str, Spread]]]:
    """By entrant of several seeds how many, and each share's spread."""
    result = {}
    for entrant in summary.entrants if summary.covered else ():
        if len(entrant.seeds) > 1:
            line = summary.line(entrant, summary.covered)
            spreads = (line.auc, line.precision, line.normalised_precision)
            result[entrant.name] = len(entrant.seeds), dict(zip((c.key for c in _SHARES), spreads, strict=True))
    return result


def _refusal(failure: Failure) -> Refusal:
    message = failure.message if failure.seed is None else f"seed {failure.seed}: {failure.message}"
    return Refusal(failure.entrant or "every tracker", failure.sequence, message)


def _standing(summary: Summary, entrant: Entrant, folders: Sequence[Path], columns: Sequence[Column]) -> Standing:
    done = [name for name in summary.sequences if summary.finished(entrant, name)]
    covered = summary.covered

    def numbers(names: Sequence[str]) -> Numbers:
        every = _numbers(summary.line(entrant, names))
        return {column.key: every[column.key] for column in columns}

    curves = summary.curves(entrant) if covered else None
    return Standing(
        tracker=entrant.name,
        folder=str(folders[0]),
        overall=numbers(covered) if covered else {},
        sequences={name: numbers([name]) for name in done},
        attributes={name: (len(some), numbers(some)) for name, some in summary.carriers().items()},
        curves={
            name: getattr(curves, name).tolist() for name in ("success", "precision", "normalised_precision")
        } if curves else {},
        files={name: {1: folders[0] / f"{name}.txt"} for name in done},
        further=tuple(str(folder) for folder in folders[1:]),
    )  # fmt: skip


def _numbers(line: Line) -> dict[str, float | None]:
    return {
        "auc": line.auc.mean,
        "auc_std": line.auc.deviation,
        "precision_20": line.precision.mean,
        "precision_20_std": line.precision.deviation,
        "normalised_precision": line.normalised_precision.mean,
        "normalised_precision_std": line.normalised_precision.deviation,
        "frames": line.frames,
        "fps": line.fps,
        "compile_seconds": line.compile_seconds,
    }
