"""`VideoFrame` and `VideoInfo`: what every source of moving images gives."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np


@dataclass(frozen=True, eq=False)
class VideoFrame:
    """One decoded frame."""

    number: int
    """Place in the source, from 0, counted before `--every` leaves frames out."""
    time: float
    """Seconds since the source's first frame, by its own timestamps."""
    image: np.ndarray
    """uint8 RGB [H, W, 3], upright, an array of its own that nothing writes into afterwards."""


@dataclass(frozen=True)
class VideoInfo:
    """What is known of a source before its frames are read."""

    name: str
    """Short name for files and pages: the stem of a path, `camera 0`, the host of a stream."""
    width: int
    height: int
    """Of the frames as they are given: upright, after `--max-size`; pixels."""
    scale: float = 1.0
    """Pixels of a given frame for one of the source; below 1 where `--max-size` made frames smaller."""
    rate: Fraction | None = None
    """Nominal frames a second; None where the source does not say."""
    frames: int | None = None
    """Number of frames to come, an estimate for progress alone; None where nobody knows."""
    total: int | None = None
    """Number of frames of the whole source, likewise an estimate."""
    live: bool = False
    """Whether frames come as they happen, so that those that come too late are dropped."""


class VideoSource(Protocol):
    """A source of frames, which is read once, from its start."""

    @property
    def info(self) -> VideoInfo: ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should be told so far: a file cut off, frames dropped, a stream opened again."""
        ...

    @property
    def cut(self) -> bool:
        """Whether it ended before its end: a file cut off, an image that cannot be read, a stream that went away."""
        ...

    def __iter__(self) -> Iterator[VideoFrame]: ...

    def close(self) -> None:
        """Let go of the file or device. May be called at any time, also twice."""
        ...
