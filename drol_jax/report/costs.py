"""Spreads over seeds and costs as columns of their own, for tables that show numbers alone."""

from collections.abc import Iterable
from dataclasses import replace

from drol_jax.report.columns import Column, Numbers
from drol_jax.report.result import BenchmarkResult
from drol_jax.report.scores import Kind, TrackerScores

COMPILING = Column(
    "compile_seconds", "compile s", "seconds of compilation", larger_is_better=False, share=False, decimals=1
)
"""Of a whole run: it falls to whichever sequence came first, and says nothing of one."""
COSTS = (
    Column("frames", "frames", "frames in one pass", share=False),
    Column("fps", "fps", "frames a second, compilation excluded", share=False, decimals=1),
    COMPILING,
)


def with_costs(result: BenchmarkResult) -> BenchmarkResult:
    """A result with further columns: deviations over seeds where a tracker ran under several, and measured costs.

    Where neither is known the result comes back as it is.
    """
    spreads: tuple[Column, ...] = ()
    if any(scores.members for scores in result.trackers):
        spreads = tuple(
            replace(
                column,
                key=f"{column.key}_std",
                head=f"{column.head} ±",
                meaning=f"standard deviation over seeds of {column.head}",
                larger_is_better=False,
            )
            for column in result.columns
        )
    costs = COSTS if any(scores.timings for scores in result.trackers) else ()
    if not any(scores.timing(result.covered).compile_seconds for scores in result.trackers):
        costs = tuple(column for column in costs if column is not COMPILING)  # from a cache, or not written down
    if not spreads and not costs:
        return result
    trackers = tuple(_widened(result, scores, bool(spreads), bool(costs)) for scores in result.trackers)
    return replace(result, columns=(*result.columns, *spreads, *costs), trackers=trackers)


def _widened(result: BenchmarkResult, scores: TrackerScores, spreads: bool, costs: bool) -> TrackerScores:
    carriers = result.carriers

    def row(numbers: Numbers, kind: Kind, name: str, sequences: Iterable[str]) -> Numbers:
        more: dict[str, float | None] = {}
        if spreads:
            for column in result.columns:
                spread = scores.spread(column.key, kind, name)
                more[f"{column.key}_std"] = spread and spread.deviation
        if costs:
            more |= _costs(scores, sequences)
            if kind != "mean":
                more[COMPILING.key] = None
        return {**numbers, **more}

    return replace(
        scores,
        mean=row(scores.mean, "mean", "", result.covered) if scores.mean else {},
        sequences={name: row(numbers, "sequence", name, (name,)) for name, numbers in scores.sequences.items()},
        attributes={
            name: (count, row(numbers, "attribute", name, carriers.get(name, ())))
            for name, (count, numbers) in scores.attributes.items()
        },
    )


def _costs(scores: TrackerScores, sequences: Iterable[str]) -> dict[str, float | None]:
    cost = scores.timing(sequences)
    if not cost.frames:  # not timed, or an attribute of frames
        return dict.fromkeys((column.key for column in COSTS), None)
    frames = cost.frames // max(len(scores.seeds), 1)
    return {"frames": frames, "fps": cost.fps, "compile_seconds": cost.compile_seconds}
