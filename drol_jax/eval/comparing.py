"""How sure a result is: spread over a tracker's repeats, and paired differences between trackers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from drol_jax.metrics.spread import Difference, Spread, over_seeds, paired, paired_parts
from drol_jax.report.columns import Column, mean_of
from drol_jax.report.result import BenchmarkResult
from drol_jax.report.scores import TrackerScores
from drol_jax.report.unstable import unstable

Groups = Mapping[str, Sequence[TrackerScores]]
"""Repeats of each tracker: its scores under one seed or number each."""


def compared(result: BenchmarkResult, groups: Groups) -> BenchmarkResult:
    """The result with each group's spread and unstable sequences, and the first group's differences to each other one.

    The differences are of the first column: by its parts where it is of all sequences together and each tracker ran
    once, else of the first that single sequences have a number in. Repeats of a tracker count as one, with the mean of
    its scores on each sequence.
    """
    column, differences = _differences(result, groups)
    return replace(
        result,
        compared=column,
        differences=differences,
        repeats=_repeats(result, groups),
        unstable=unstable(groups, result.columns, result.covered),
        notes=result.notes + _ranking(result, column),
    )


def _ranking(result: BenchmarkResult, column: Column | None) -> tuple[str, ...]:
    """What trackers are ranked by and what their differences are tested by, where the two are not the same measure."""
    ranks = result.columns[0]
    tested = f"whether trackers differ is tested by {column.head} ({column.meaning}) alone" if column else ""
    if len(result.trackers) > 1 and result.covered and all(one.mean.get(ranks.key) is None for one in result.trackers):
        unranked = f"no tracker has {ranks.head} here, by which they would be ranked: they stand in no order"
        return (f"{unranked}; {tested}" if tested else unranked,)
    if column is None or column.key == ranks.key:
        return ()
    return (
        f"the ranking is by {ranks.head}, which single sequences have not; {tested}, and a difference in "
        f"{ranks.head} can come of other measures",
    )


def _differences(result: BenchmarkResult, groups: Groups) -> tuple[Column | None, dict[tuple[str, str], Difference]]:
    if len(groups) < 2 or len(result.covered) < 2:
        return None, {}
    if pooled := _pooled(result, groups):
        return result.columns[0], pooled
    for column in result.columns:
        rows = {name: _scores(members, column, result.covered) for name, members in groups.items()}
        (first, leading), *others = rows.items()
        if all(None not in row for row in rows.values()):
            return column, {(first, name): paired(leading, row) for name, row in others}  # pyright: ignore
    return None, {}


def _pooled(result: BenchmarkResult, groups: Groups) -> dict[tuple[str, str], Difference]:
    """Differences of a measure of all sequences together; none where a tracker has no parts, no value, or repeats."""
    found = {}
    for name, members in groups.items():
        parts, value = members[0].parts, members[0].mean.get(result.columns[0].key)
        if len(members) > 1 or parts is None or value is None:
            return {}
        found[name] = parts, value
    (first, (leading, best)), *others = found.items()
    return {(first, name): paired_parts(leading, parts, best - value) for name, (parts, value) in others}


def _scores(members: Sequence[TrackerScores], column: Column, covered: Sequence[str]) -> list[float | None]:
    """Means over a tracker's repeats, sequence by sequence."""
    return [mean_of([one.sequences[name].get(column.key) for one in members]) for name in covered]


def _repeats(result: BenchmarkResult, groups: Groups) -> dict[str, tuple[int, dict[str, Spread]]]:
    repeats = {}
    for name, every in groups.items():
        members = [one for one in every if one.mean]
        if len(members) > 1:
            rows = {c.key: [v for m in members if (v := m.mean[c.key]) is not None] for c in result.columns}
            spreads = {key: over_seeds(row) for key, row in rows.items() if len(row) == len(members)}
            repeats[name] = (len(members), spreads)
    return repeats
