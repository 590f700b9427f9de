"""What tries settings on sequences. Needs no jax: `trials.LocalBench` does it."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Params = Mapping[str, Any]
"""Values by the key of their dimension."""


class Bench(Protocol):
    """What tries settings on sequences."""

    def scores(self, sequences: Sequence[str], settings: Sequence[Params]) -> dict[str, list[float | None]]:
        """The measure of every setting, by sequence."""
        ...
