"""`ReadOptions`: which frames of a source are read, how large, and by what."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import Literal

from drol_jax.errors import UserError
from drol_jax.system.names import hint

READERS = ("auto", "opencv", "pyav")
FORMS = 'a frame number such as 120, or a time such as "12.5s" or "1:02"'


@dataclass(frozen=True)
class Mark:
    """A place in a source: the frame of a number, or the first one that is not before a time."""

    frame: int | None = None
    seconds: float | None = None

    def reached(self, number: int, time: float) -> bool:
        """Whether a frame is at the place or behind it.

        Args:
          number: the frame's, from 0.
          time: its seconds since the first frame.
        """
        if self.frame is not None:
            return number >= self.frame
        # Containers round times to a millisecond: a frame may say 0.999 where its place is 1.
        return self.seconds is None or time >= self.seconds - 0.0005


def mark(value: int | float | str, name: str = "start") -> Mark:
    """Read a place as a user writes it.

    Args:
      value: frame number, from 0 (120 or "120"), or time since the first frame ("12.5s", "1:02", "0:01:02.5").
      name: of the option, for the message.

    Raises:
      UserError: it is neither.
    """
    text = str(value).strip()
    if not isinstance(value, bool):
        if re.fullmatch(r"\d+", text):
            return Mark(frame=int(text))
        if found := re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)\s*s", text):
            return Mark(seconds=float(found[1]))
        if found := re.fullmatch(r"(?:(\d+):)?(\d+):(\d\d(?:\.\d*)?)", text):
            hours, minutes, seconds = int(found[1] or 0), int(found[2]), float(found[3])
            if seconds < 60 and (found[1] is None or minutes < 60):
                return Mark(seconds=hours * 3600 + minutes * 60 + seconds)
    raise UserError(f"{name} {text!r} is no place in a video; give {FORMS}")


@dataclass(frozen=True)
class ReadOptions:
    """What is read of a source."""

    start: int | str | None = None
    """First frame: its number, from 0, or a time since the source's first frame; None for the first there is."""
    end: int | str | None = None
    """First frame that is not read any more, written as `start`; None for all there are."""
    every: int = 1
    """One frame of so many is given. Frames keep their numbers."""
    max_size: int | None = None
    """Longest side of the given frames, pixels: larger ones are made smaller. None keeps their size."""
    reader: Literal["auto", "opencv", "pyav"] = "auto"
    """What decodes video files; auto is PyAV where it can be imported, else OpenCV."""
    rate: Fraction = Fraction(25)
    """Frames a second of what has no times of its own: images of a folder, arrays, films without timestamps."""

    def __post_init__(self) -> None:
        first, last = self.first, self.last
        if last is not None and (_empty(first.frame, last.frame) or _empty(first.seconds, last.seconds)):
            raise UserError(f"end {self.end} is not behind start {self.start or 0}: no frame is left; raise end")
        _whole("every", self.every, 1, "1 gives every frame")
        if self.max_size is not None:
            _whole("max_size", self.max_size, 16, "it is the longest side in pixels")
        if self.reader not in READERS:
            near = hint(str(self.reader), READERS)
            raise UserError(f"reader {self.reader!r} is unknown{near}; give one of {', '.join(READERS)}")
        if not (self.rate > 0 and isfinite(self.rate)):
            raise UserError(f"rate {self.rate} must be above 0 and finite; give frames a second")

    @property
    def first(self) -> Mark:
        """Place of the first frame that is given."""
        return Mark(frame=0) if self.start is None else mark(self.start, "start")

    @property
    def last(self) -> Mark | None:
        """Place of the first frame that is not given any more; None where all are."""
        return None if self.end is None else mark(self.end, "end")

    def left_of(self, frames: int, rate: Fraction | None) -> int:
        """How many of a source's frames are given, as far as can be told before they are read.

        Args:
          frames: of the source.
          rate: frames a second, for places that are times; None where nobody knows.
        """

        def place(at: Mark, otherwise: int) -> int:
            if at.frame is not None:
                return min(at.frame, frames)
            return otherwise if rate is None else min(round(float(rate) * (at.seconds or 0)), frames)

        stop = frames if self.last is None else place(self.last, frames)
        return -(-max(stop - place(self.first, 0), 0) // self.every)


Installed = Callable[[], bool]
"""Tells whether PyAV can be imported."""


def _empty(first: float | None, last: float | None) -> bool:
    return last is not None and last <= (first or 0)


def _whole(name: str, value: object, least: int, means: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise UserError(f"{name} {value!r} must be a whole number of at least {least}; {means}")
