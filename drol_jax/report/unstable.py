"""Sequences on which a tracker's score hangs on chance: its repeated runs differ by more than a reader would expect."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from drol_jax.metrics.spread import over_seeds
from drol_jax.report.columns import Column
from drol_jax.report.scores import TrackerScores

LIMIT = 0.05
"""Standard deviation, of a measure in [0, 1] over a tracker's runs, above which a sequence is unstable."""


@dataclass(frozen=True)
class Unstable:
    """One sequence on which a tracker is unstable."""

    tracker: str
    sequence: str
    measure: str
    """Key of the measure: the first share that single sequences have."""
    runs: int
    mean: float
    deviation: float
    """Sample standard deviation over the runs."""
    lowest: float
    highest: float


def unstable(
    groups: Mapping[str, Sequence[TrackerScores]], columns: Iterable[Column], sequences: Sequence[str]
) -> tuple[Unstable, ...]:
    """The sequences on which the runs of a tracker differ by a deviation above `LIMIT`, the worst of each first.

    Args:
      groups: the runs of each tracker; of one run nothing is known.
      columns: the first share of which single sequences have a number is compared.
      sequences: those to look at.
    """
    found = []
    for tracker, members in groups.items():
        if len(members) < 2:
            continue
        for column in (column for column in columns if column.share):
            rows = {name: _values(members, column, name) for name in sequences}
            if any(rows.values()):
                some = [_told(tracker, name, column.key, values) for name, values in rows.items() if values]
                found += sorted((one for one in some if one.deviation > LIMIT), key=lambda one: -one.deviation)
                break
    return tuple(found)


def _values(members: Sequence[TrackerScores], column: Column, sequence: str) -> list[float]:
    """The numbers of all runs on a sequence; none where one run has none."""
    values = [one.sequences.get(sequence, {}).get(column.key) for one in members]
    known = [value for value in values if value is not None]
    return known if len(known) == len(values) else []


def _told(tracker: str, sequence: str, measure: str, values: list[float]) -> Unstable:
    spread = over_seeds(values)
    deviation = spread.deviation or 0.0
    return Unstable(tracker, sequence, measure, len(values), spread.mean, deviation, min(values), max(values))
