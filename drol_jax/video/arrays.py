"""`Arrays`: any Python iterable of arrays as a source."""

from collections.abc import Iterable, Iterator, Sized
from fractions import Fraction

import numpy as np

from drol_jax.errors import UserError
from drol_jax.image.frames import checked
from drol_jax.video.options import Mark
from drol_jax.video.reader import Facts, Seen


class Arrays:
    """A `Reader`. Items are images, or pairs (seconds, image); without seconds, a frame counts by the options' rate."""

    def __init__(self, items: Iterable[object], rate: Fraction) -> None:
        """Take the items when they are asked for.

        Args:
          items: uint8 RGB [H, W, 3] or grey [H, W]; copied, so that a buffer may be filled again.
        """
        count = len(items) if isinstance(items, Sized) else None
        self.facts = Facts(name="frames", where="frames", rate=rate, frames=count)
        self.cut = False
        self.notes: tuple[str, ...] = ()
        self._items, self._rate = items, rate

    def close(self) -> None:
        """Nothing is held."""

    def frames(self, start: Mark) -> Iterator[Seen]:
        origin = last = None
        for number, item in enumerate(self._items):
            stamp, image = _parted(item, number)
            if stamp is None:
                stamp = float(number / self._rate)
            if last is not None and stamp <= last:
                raise UserError(f"frames[{number}]: its time {stamp} s is not after {last} s; give times that rise")
            last = stamp
            origin = stamp if origin is None else origin
            yield Seen(number, stamp - origin, lambda image=image, number=number: _copied(image, number))


def _parted(item: object, number: int) -> tuple[float | None, object]:
    if not (isinstance(item, tuple) and len(item) == 2):
        return None, item
    stamp, image = item
    if isinstance(stamp, int | float | np.integer | np.floating) and np.isfinite(stamp):
        return float(stamp), image
    raise UserError(f"frames[{number}]: its time is {stamp!r}; give seconds, as in (0.04, image)")


def _copied(image: object, number: int) -> np.ndarray:
    try:
        return np.array(checked(image))
    except UserError as error:
        raise UserError(f"frames[{number}]: {error}") from error
