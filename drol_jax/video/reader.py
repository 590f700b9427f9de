"""`Reader`: what each kind of source does; `drol_jax.video.source` makes a source of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np

from drol_jax.errors import UserError
from drol_jax.video.options import Mark


class EndsHere(UserError):
    """A picture cannot be made, and the source ends before it."""


@dataclass(frozen=True, eq=False)
class Seen:
    """One frame as a reader meets it, before its picture is made: frames that are left out cost less."""

    number: int
    """Place in the source, from 0."""
    time: float
    """Seconds since the source's first frame."""
    picture: Callable[[], np.ndarray]
    """Gives uint8 RGB [H, W, 3], upright, an array of its own, or raises `EndsHere`. Called at once or not at all."""


@dataclass(frozen=True)
class Facts:
    """What a reader knows of its source before frames are read."""

    name: str
    """Short name, as in `VideoInfo`."""
    where: str
    """What stands for the source in messages: a path, an address."""
    rate: Fraction | None = None
    """Nominal frames a second."""
    frames: int | None = None
    """Of the whole source, an estimate."""
    live: bool = False
    """Whether frames come as they happen."""


class Reader(Protocol):
    """One kind of source."""

    facts: Facts
    cut: bool
    """Whether the source ended before its end."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should be told so far."""
        ...

    def frames(self, start: Mark) -> Iterator[Seen]:
        """Frames in order, from one that is not behind `start`. Called once.

        Raises:
          UserError: nothing can be read at all.
        """
        ...

    def close(self) -> None:
        """Let go of the file or device; also twice. Not called while another thread asks for a frame, if not live."""
        ...
