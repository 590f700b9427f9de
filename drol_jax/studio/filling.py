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
NICE = 10
"""How far the thread steps back behind others, where the system lets threads do so."""


class Reel(Protocol):
    """What is asked of a `Film`."""

    def picture(self, number: int, width: int) -> bytes: ...
    def prepare(self) -> None: ...
    def forwards(self, first: int) -> Generator[VideoFrame, None, None]: ...
    def fill(self, frame: VideoFrame, width: int) -> bool: ...


class Filling:
    """Pictures from the one that was asked for first to the end, then those before it, while there is room."""

    def __init__(self, film: Reel, busy: Callable[[], bool], *, quiet: float = QUIET):
        """Begin with nothing; the first picture that is asked for starts the thread.

        Args:
          busy: whether something is under way that needs the processor.
          quiet: seconds after the last picture that was asked for, in which none is made ahead.
        """
        self._film, self._busy, self._quiet = film, busy, quiet
        self._ended, self._started = threading.Event(), threading.Lock()
        self._asked = 0.0
        self._thread: threading.Thread | None = None

    def picture(self, number: int, width: int) -> bytes:
        """A frame as JPEG, as `Film.picture`.

        Raises:
          UserError: as there.
        """
        self._asked = time.monotonic()
        picture = self._film.picture(number, width)
        with self._started:
            if self._thread is None and not self._ended.is_set():
                self._thread = threading.Thread(target=self._run, args=(number, width), name="drol-fill", daemon=True)
                self._thread.start()
        return picture

    def wait(self, seconds: float) -> None:
        """Wait until all is made that there is room for, but not longer than that."""
        if self._thread is not None:
            self._thread.join(seconds)

    def close(self) -> None:
        """End, and wait for the frame at hand."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, number: int, width: int) -> None:
        with suppress(UserError):  # whoever asks for the picture itself is told
            self._film.prepare()
            if hasattr(os, "setpriority"):
                with suppress(OSError):
                    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
            if self._goes_through(number, None, width):
                self._goes_through(0, number, width)

    def _goes_through(self, first: int, end: int | None, width: int) -> bool:
        """Make pictures of frames up to one. Returns whether to go on."""
        with closing(self._film.forwards(first)) as frames:
            for frame in frames:
                if frame.number == end:
                    break
                while self._busy() or time.monotonic() - self._asked < self._quiet:
                    if self._ended.wait(LOOK):
                        return False
                if self._ended.is_set() or not self._film.fill(frame, width):
                    return False
        return True
