"""Which of a benchmark's numbers of single frames mark a frame."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """A frame is marked by a number that is at least, at most or equal to another: any of those that are given."""

    least: float | None = None
    most: float | None = None
    equal: float | None = None

    def marks(self, values: np.ndarray) -> np.ndarray:
        """bool [T] of float64 [T]; NaN is never marked."""
        marked = np.zeros(len(values), bool)
        if self.least is not None:
            marked |= values >= self.least
        if self.most is not None:
            marked |= values <= self.most
        return marked if self.equal is None else marked | (values == self.equal)
