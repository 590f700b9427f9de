"""Pairs used several times, each time mirrored and recoloured another way: composing them may cost more than a step."""

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.train.pairs.batch import ALL, Pairs, Source

COLOURS = ((0, 1, 2), (0, 1, 2), (2, 1, 0), (1, 2, 0))
"""Orders of the channels, one for each use in turn; the first is the images' own."""


@dataclass(frozen=True, kw_only=True)
class ReuseSettings:
    """How pairs are used."""

    times: int = 1
    """Uses of each batch; 1: no more than the first, as it is."""
    apart: int = 8
    """New batches that begin between two uses of one."""


class Reused:
    """Batches of a source, every new one among later uses of earlier ones.

    Of `times` batches in a row the first is new, the next the one that was new `apart` turns ago, and so on; where
    there are none so early, the newest again. As it is, mirrored, upside down, on its side: the n-th use has the n-th
    of eight ways to lie, and some another order of colours.

    Args:
      source: of the new ones.
    """

    def __init__(self, source: Source[Pairs], settings: ReuseSettings) -> None:
        self._source, self._settings = source, settings
        self._kept: OrderedDict[tuple[int, Any, Any], Pairs] = OrderedDict()

    def batch(self, index: int, rows: slice = ALL) -> Pairs:
        """Batch number `index`, >= 0, or some of its rows."""
        turn, use = divmod(index, self._settings.times)
        earlier = turn - use * self._settings.apart
        return varied(self._new(earlier if earlier >= 0 else turn, rows), use)

    def beginnings(self) -> list[int]:
        """Numbers of the batches with which each of the source's own sources begins."""
        of = getattr(self._source, "beginnings", None)
        return [index * self._settings.times for index in of()] if of else [0]

    def _new(self, number: int, rows: slice) -> Pairs:
        place = (number, rows.start, rows.stop)
        if place not in self._kept:
            self._kept[place] = jax.tree.map(np.asarray, self._source.batch(number, rows))
        self._kept.move_to_end(place)
        while len(self._kept) > self._settings.times * self._settings.apart + 1:
            self._kept.popitem(last=False)
        return self._kept[place]


def varied(pairs: Pairs, use: int) -> Pairs:
    """The pairs as their use number `use` shows them; 0: as they are."""
    colours = COLOURS[use % len(COLOURS)]
    on_side, upside_down, mirrored = bool(use & 4), bool(use & 2), bool(use & 1)
    x, y, w, h = np.split(np.asarray(pairs.box), 4, axis=-1)
    last = pairs.search.shape[1] - 1
    if on_side:
        x, y, w, h = y, x, h, w
    # A box's centre is its corner and half of its size less one.
    x = last - x - (w - 1) if mirrored else x
    y = last - y - (h - 1) if upside_down else y

    def seen(images: jax.Array) -> np.ndarray:
        image = np.asarray(images)
        image = image.swapaxes(1, 2) if on_side else image
        return image[:, :: -1 if upside_down else 1, :: -1 if mirrored else 1]

    return replace(
        pairs,
        template=jnp.asarray(seen(pairs.template)[..., colours]),
        search=jnp.asarray(seen(pairs.search)[..., colours]),
        box=jnp.asarray(np.concatenate([x, y, w, h], axis=-1)),
        mask=None if pairs.mask is None else jnp.asarray(seen(pairs.mask)),
    )
