"""What the result files of several trackers scored on one benchmark: the numbers, side by side."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from drol_jax.metrics.spread import Difference, Spread

Numbers = Mapping[str, float | None]
"""By column; None where a number does not exist."""


@dataclass(frozen=True)
class Column:
    """One measure."""

    key: str
    """In files, e.g. "precision_20"."""
    head: str
    """In tables, e.g. "P@20"."""
    meaning: str
    """In words, e.g. "precision at 20 px"."""
    larger_is_better: bool = True
    share: bool = True
    """Lies in [0, 1]; otherwise a count or a rate."""
    decimals: int | None = None
    """Shown of a count or a rate; None for as many as its size asks for."""


@dataclass(frozen=True)
class Refusal:
    """A result that could not be scored."""

    tracker: str
    sequence: str
    message: str


@dataclass(frozen=True, eq=False)
class Standing:
    """One tracker's numbers."""

    tracker: str
    folder: str
    overall: Numbers
    """Over the board's covered sequences."""
    sequences: Mapping[str, Numbers]
    """Every sequence that could be scored."""
    attributes: Mapping[str, tuple[int, Numbers]]
    """By attribute how many covered sequences (VOT: frames) carry it, and the numbers over them."""
    curves: Mapping[str, list[float]] = field(default_factory=dict)
    """Over the covered sequences, by name."""
    files: Mapping[str, Mapping[int, Path]] = field(default_factory=dict)
    """By sequence and repetition or anchor the result file that was scored."""
    further: tuple[str, ...] = ()
    """Folders of further seeds that the numbers are means over."""


@dataclass(frozen=True, eq=False)
class Board:
    """Trackers side by side."""

    dataset: str
    protocol: str
    convention: str
    """Whose, in words."""
    columns: tuple[Column, ...]
    """The first is what trackers are ranked by."""
    sequences: tuple[str, ...]
    """Every sequence asked for."""
    covered: tuple[str, ...]
    """Those that every tracker has a scorable result of: only over these are means comparable."""
    standings: tuple[Standing, ...]
    refusals: tuple[Refusal, ...] = ()
    dialects: Mapping[str, Mapping[str, Numbers]] = field(default_factory=dict)
    """By protocol and tracker the numbers over the covered sequences; what a protocol refuses is missing."""
    differences: Mapping[tuple[str, str], Difference] = field(default_factory=dict)
    """Of the per-sequence scores of `compared`, by (tracker, tracker)."""
    compared: Column | None = None
    """The first column that single sequences have a number in."""
    repeats: Mapping[str, tuple[int, Mapping[str, Spread]]] = field(default_factory=dict)
    """Trackers that differ by a seed's or run's number alone: how many, and each column's spread over them."""
    notes: tuple[str, ...] = ()

    @property
    def ranked(self) -> tuple[Standing, ...]:
        """Standings from the best to the worst by the first column; without a number, or with NaN, last."""
        key, sign = self.columns[0].key, -1 if self.columns[0].larger_is_better else 1

        def place(standing: Standing) -> tuple[bool, float]:
            value = standing.overall.get(key)
            if value is None or not isfinite(value):
                return True, 0.0
            return False, sign * value

        return tuple(sorted(self.standings, key=place))
