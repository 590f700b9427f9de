"""Measures as columns of a table, and their numbers in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

Numbers = Mapping[str, float | None]
"""By a column's key; None where a number does not exist."""


@dataclass(frozen=True)
class Column:
    """One measure."""

    key: str
    """Name in files, e.g. "precision_20"."""
    head: str
    """Name in tables, e.g. "P@20"."""
    meaning: str
    """The measure in words, e.g. "precision at 20 px"."""
    larger_is_better: bool = True
    share: bool = True
    """Lies in [0, 1]; otherwise a count or a rate."""
    decimals: int | None = None
    """Digits shown of a count or a rate; None for as many as its size asks for."""

    def place(self, value: float | None) -> tuple[bool, float]:
        """A key to sort by: the best first, what has no number last."""
        found = known(value)
        return found is None, 0.0 if found is None else -found if self.larger_is_better else found


def cell(value: float | None, column: Column) -> str:
    """A number as tables show it."""
    if value is None or not isfinite(value):
        return "-"
    if column.share:
        return short(value)
    if column.decimals is not None:
        return f"{value:.{column.decimals}f}"
    return str(round(value)) if value == round(value) else f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"


def short(value: float) -> str:
    """A share with three decimals and no leading zero: ".612", "-.020", "1.000"."""
    return f"{value:.3f}".removeprefix("0").replace("-0.", "-.")


def known(value: float | None) -> float | None:
    """The number, or None where it does not exist or is not finite."""
    return value if value is not None and isfinite(value) else None


def mean_of(values: Sequence[float | None]) -> float | None:
    """Mean of numbers that all exist; None where one does not, or there is none."""
    found = [value for value in values if value is not None]
    return float(np.mean(found)) if found and len(found) == len(values) else None
