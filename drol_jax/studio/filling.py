"""`Filling`: pictures of a film that are made before they are asked for, in a thread that gives way to all else."""

import os
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from typing import Protocol

from drol_jax.errors import UserError
from drol_jax.video.frame import VideoFrame

QUIET = 0.3
"""Seconds."""
LOOK = 0.05
"""Seconds between two looks at whether all is quiet."""
MOST_KEYS = 1000
"""Small pictures that are made first."""
NICE = 10
"""How far the thread steps back behind others, where the system lets threads do so."""


class Reel(Protocol):
    """What is asked of a `Film`."""

    def picture(self, number: int, width: int) -> bytes: ...
    def coarse(self, number: int) -> tuple[int, bytes]: ...
    def key_frames(self) -> list[int]: ...
    def prepare(self) -> None: ...
    def forwards(self, first: int) -> Generator[VideoFrame, None, None]: ...
    def fill(self, frame: VideoFrame, width: int) -> bool: ...


class Filling:
    """Small pictures of frames all over the film that can be decoded by themselves, then those of the width that was
    asked for last: from that frame to the end, then those before it, while there is room."""

    def __init__(self, film: Reel, busy: Callable[[], bool], *, quiet: float = QUIET):
        """Begin with nothing; the first picture that is asked for starts the thread.

        Args:
          busy: whether something is under way that needs the processor.
          quiet: seconds after the last picture that was asked for, in which none is made ahead.
        """
        self._film, self._busy, self._quiet = film, busy, quiet
        self._ended, self._started = threading.Event(), threading.Lock()
        self._asked, self._width, self._running = 0.0, 0, False
        self._thread: threading.Thread | None = None

    def picture(self, number: int, width: int) -> bytes:
        """A frame as JPEG, as `Film.picture`.

        Raises:
          UserError: as there.
        """
        self._asked = time.monotonic()
        picture = self._film.picture(number, width)
        with self._started:
            if self._width != width and not self._ended.is_set():
                self._width = width
                if not self._running:
                    self._running = True
                    self._thread = threading.Thread(target=self._run, args=(number,), name="drol-fill", daemon=True)
                    self._thread.start()
        return picture

    def coarse(self, number: int) -> tuple[int, bytes]:
        """A small picture, as `Film.coarse`.

        Raises:
          UserError: as there.
        """
        self._asked = time.monotonic()
        return self._film.coarse(number)

    def wait(self, seconds: float) -> None:
        """Wait until all is made that there is room for, but not longer than that."""
        if self._thread is not None:
            self._thread.join(seconds)

    def close(self) -> None:
        """End, and wait for the frame at hand."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, number: int) -> None:
        if hasattr(os, "setpriority"):
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        while True:
            width = self._width
            with suppress(UserError):  # whoever asks for the picture itself is told
                self._make(number, width)
            with self._started:
                if width == self._width or self._ended.is_set():
                    self._running = False
                    return

    def _make(self, number: int, width: int) -> None:
        self._film.prepare()
        for key in _spread(self._film.key_frames(), MOST_KEYS):
            if not self._quiet_comes():
                return
            self._film.coarse(key)
        if self._goes_through(number, None, width):
            self._goes_through(0, number, width)

    def _goes_through(self, first: int, end: int | None, width: int) -> bool:
        """Make pictures of frames up to one. Returns whether to go on."""
        with closing(self._film.forwards(first)) as frames:
            for frame in frames:
                if frame.number == end:
                    break
                if not self._quiet_comes() or width != self._width or not self._film.fill(frame, width):
                    return False
        return True

    def _quiet_comes(self) -> bool:
        """Wait until nothing else is under way. Returns False at the end."""
        while self._busy() or time.monotonic() - self._asked < self._quiet:
            if self._ended.wait(LOOK):
                return False
        return not self._ended.is_set()


def _spread(numbers: list[int], most: int) -> list[int]:
    """So many of them, or all, far apart first."""
    some = numbers[:: max(1, -(-len(numbers) // most))]
    strides = [1 << power for power in reversed(range(max(1, len(some).bit_length())))]
    return list(dict.fromkeys(number for stride in strides for number in some[::stride]))
