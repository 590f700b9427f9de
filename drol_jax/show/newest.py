"""`Newest`: the frame that was shown last, and what became of each target in the seconds before."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Condition

import numpy as np

from drol_jax.show.rate import Rate
from drol_jax.tracks.table import Row
from drol_jax.video.frame import VideoFrame

LONGEST_PAST = 6000
"""Frames that are remembered, however close together they are."""


@dataclass(frozen=True, eq=False)
class ScoreMap:
    """Where a target was looked for in a frame, and how much of it was found at each place."""

    values: np.ndarray
    """Numbers [rows, columns]; 1 is the target, 0 and less is not."""
    box: tuple[float, float, float, float]
    """(x, y, w, h) that the map covers, pixels of the source."""


@dataclass(frozen=True, eq=False)
class Shown:
    """One frame with what was found in it."""

    serial: int
    """Number of the call that showed it, from 1."""
    frame: VideoFrame
    rows: tuple[Row, ...]
    scale: float
    """Pixels of the image for one of the source."""
    scores: Mapping[str, ScoreMap] = field(default_factory=dict)
    """By the target's name."""


@dataclass(frozen=True, eq=False)
class News:
    """What a page has not seen yet."""

    shown: Shown | None
    """The newest frame; None where the page has it already."""
    past: tuple[Shown, ...]
    """All frames that the page has not seen, the newest one too, without their images."""
    rate: float
    """Frames a second, lately."""
    ended: bool


class Newest:
    """Takes frames from the tracker and keeps none of their images but the last; any number of pages wait for it."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic):
        """Begin without a frame.

        Args:
          seconds: of the video's time that the past goes back.
          clock: seconds that grow.
        """
        self._seconds, self._rate = seconds, Rate(clock)
        self._past: deque[Shown] = deque(maxlen=LONGEST_PAST)
        self._shown: Shown | None = None
        self._ended, self._changed = False, Condition()

    def put(
        self, frame: VideoFrame, rows: tuple[Row, ...], scale: float = 1.0, scores: Mapping[str, ScoreMap] | None = None
    ) -> None:
        """Show a frame. Only notes it down."""
        with self._changed:
            serial = 1 if self._shown is None else self._shown.serial + 1
            self._shown = Shown(serial, frame, rows, scale, scores or {})
            bare = VideoFrame(frame.number, frame.time, np.empty((0, 0, 3), np.uint8))
            self._past.append(Shown(serial, bare, rows, scale))
            while self._past[0].frame.time < frame.time - self._seconds:
                self._past.popleft()
            self._rate.tick()
            self._changed.notify_all()

    def end(self) -> None:
        """Tell all who wait that no frame follows."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait(self, after: int, seconds: float) -> News:
        """What came after a frame; at once where something did.

        Args:
          after: serial of the last frame that the page has; 0 asks for all that is remembered.
          seconds: to wait at most.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._newer(after) is not None, seconds)
            past = tuple(shown for shown in self._past if shown.serial > after)
            return News(self._newer(after), past, self._rate.now(self._ended), self._ended)

    def _newer(self, after: int) -> Shown | None:
        return self._shown if self._shown is not None and self._shown.serial > after else None
