"""Several sources as one."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from drol_jax.errors import UserError
from drol_jax.train.pairs.batch import ALL, Pairs, Source


class Mixture:
    """Every batch from one of the sources, chosen at random.

    Args:
      sources: of equal batch and image sizes.
      weights: how often each is chosen, in proportion to the sum; >= 0.
      seed: >= 0, of the choice.
      masks: hand masks over; every source with a weight has to have them. Without, they are left out of all batches, so
        that all have one structure.

    Raises:
      UserError: no sources, not one weight for each, or weights that do not sum up to something.
    """

    def __init__(
        self, sources: Sequence[Source[Pairs]], weights: Sequence[float], seed: int = 0, *, masks: bool
    ) -> None:
        values = np.asarray(weights, np.float64)
        if not sources or values.shape != (len(sources),):
            raise UserError(
                f"mixture of pairs: {len(sources)} sources and weights {list(weights)}; give one weight each"
            )
        if not np.isfinite(values).all() or (values < 0).any() or not values.sum() or seed < 0:
            raise UserError(
                f"mixture of pairs: weights {list(weights)}, seed {seed}; give weights >= 0, not all 0, and a seed >= 0"
            )
        self._sources = tuple(sources)
        self._shares = values / values.sum()
        self._seed = seed
        self._masks = masks

    def beginnings(self) -> list[int]:
        """Numbers of the batches with which each source of the mixture begins."""
        first: dict[int, int] = {}
        index = 0
        while len(first) < np.count_nonzero(self._shares):
            first.setdefault(self._choice(index), index)
            index += 1
        return sorted(first.values())

    def _choice(self, index: int) -> int:
        return int(np.random.default_rng([self._seed, index]).choice(len(self._sources), p=self._shares))

    def batch(self, index: int, rows: slice = ALL) -> Pairs:
        """Batch number `index` of the source whose turn it is, or some of its rows.

        Raises:
          UserError: masks are wanted and it has none.
        """
        choice = self._choice(index)
        pairs = self._sources[choice].batch(index, rows)
        if not self._masks:
            return replace(pairs, mask=None)
        if pairs.mask is None:
            raise UserError(
                f"mixture of pairs: masks are wanted and source {choice} (counted from 0) has none; drop it"
            )
        return pairs
