"""What every source of training pairs hands over."""

from dataclasses import dataclass
from typing import Protocol, TypeVar

import jax


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Pairs:
    """A template beside a search region, B times. E and S are the trackers' exemplar and instance sizes."""

    template: jax.Array  # uint8 [B, E, E, 3] RGB, the target in the middle, context as trackers cut it
    search: jax.Array  # uint8 [B, S, S, 3] RGB, cut at the template's scale but for a random change, off the middle
    box: jax.Array  # float32 [B, 4] (x, y, w, h) of the target in `search`, pixels, centre = corner + (size - 1) / 2
    positive: jax.Array  # bool [B], whether `search` holds the target; where it does not, `box` means nothing
    mask: jax.Array | None  # uint8 [B, S, S], 1 where the target is seen; None where the source knows no masks


Batch_co = TypeVar("Batch_co", covariant=True)
"""What a source gives: `Pairs`, or what a backbone has made of them."""


ALL = slice(None)
"""All rows of a batch."""


class Source(Protocol[Batch_co]):
    """Endless batches by number. A batch depends on the source's settings and seed and on its number alone."""

    def batch(self, index: int, rows: slice = ALL) -> Batch_co:
        """Batch number `index`, >= 0, or some of its rows; they are the same whoever asks for which."""
        ...
