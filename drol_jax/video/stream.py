"""`Live`: a camera or stream, of which the newest frame is given and those that come too late are dropped."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from drol_jax.errors import UserError
from drol_jax.system.opencv import cv2
from drol_jax.video.capture import Capture, Opener, nominal_rate
from drol_jax.video.opencv import quiet
from drol_jax.video.options import Mark
from drol_jax.video.reader import Facts, Seen


@dataclass(frozen=True)
class Patience:
    """How long something that is live is waited for; seconds."""

    stall: float = 10.0
    """Without a frame, until the source ends."""
    tries: int = 6
    """To open it again, one after another, until the source ends."""
    pause: float = 0.5
    """Before the first try; doubled before each one that follows."""
    longest_pause: float = 8.0


@dataclass(frozen=True, eq=False)
class _Caught:
    number: int
    time: float
    bgr: np.ndarray


class Live:
    """A `Reader`. A thread takes each frame as it comes and keeps the newest; a time is that of its coming."""

    def __init__(
        self, name: str, where: str, opener: Opener, patience: Patience, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Open the device or address.

        Args:
          clock: tells seconds.

        Raises:
          UserError: it cannot be opened.
        """
        self._opener, self._patience, self._clock = opener, patience, clock
        capture = opener()
        if not capture.isOpened():
            capture.release()
            cure = "see that it is plugged in and no other program uses it" if where.startswith("camera") else ""
            raise UserError(f"{where}: cannot be opened; {cure or 'check the address and the network'}")
        self.facts = Facts(name=name, where=where, rate=nominal_rate(capture), live=True)
        self.cut = False
        self._news = threading.Condition()
        self._stop = threading.Event()
        self._newest: _Caught | None = None
        self._ended = ""
        self._dropped = self._reopened = 0
        # A daemon: a driver that never returns must not keep the program from ending.
        self._thread = threading.Thread(target=self._run_quietly, args=(capture,), name="drol-live", daemon=True)

    @property
    def notes(self) -> tuple[str, ...]:
        told = [f"{self._dropped} frames came too late and were dropped"] if self._dropped else []
        told += [f"opened again {self._reopened} times"] if self._reopened else []
        return (*told, self._ended) if self._ended and self.cut else tuple(told)

    def close(self) -> None:
        self._stop.set()
        with self._news:
            self._news.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout=1.0)

    def frames(self, start: Mark) -> Iterator[Seen]:
        self._thread.start()
        while (caught := self._next()) is not None:
            yield Seen(caught.number, caught.time, lambda bgr=caught.bgr: cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))

    def _next(self) -> _Caught | None:
        """Wait for a frame; None where there will be no more."""
        with self._news:
            come = self._news.wait_for(self._has_news, self._longest_wait())
            caught, self._newest = self._newest, None
            if caught is None and not self._stop.is_set():
                self.cut = True
                self._ended = self._ended or f"ended: no frame came for {self._longest_wait():g} s"
            if not come:
                self._stop.set()
            return None if self._stop.is_set() else caught

    def _has_news(self) -> bool:
        return self._newest is not None or bool(self._ended) or self._stop.is_set()

    def _longest_wait(self) -> float:
        """Seconds: a stall may be followed by all tries to open the source again."""
        return self._patience.stall + sum(map(self._pause, range(self._patience.tries)))

    def _pause(self, tried: int) -> float:
        return min(self._patience.pause * 2**tried, self._patience.longest_pause)

    def _run_quietly(self, capture: Capture) -> None:
        with quiet():  # a stream that stalls is told in a note
            self._run(capture)

    def _run(self, capture: Capture) -> None:
        """Take frames until told to stop, or the source is gone for good."""
        number, origin, failures = 0, None, 0
        try:
            while not self._stop.is_set():
                found, bgr = capture.read() if capture.isOpened() else (False, None)
                if found and bgr is not None:
                    now = self._clock()
                    origin = now if origin is None else origin
                    self._keep(_Caught(number, now - origin, np.array(bgr)))
                    number, failures = number + 1, 0
                    continue
                capture.release()
                if failures == self._patience.tries:
                    self._end(f"ended: lost, and not back after {failures} tries to open it again")
                    return
                if self._stop.wait(self._pause(failures)):
                    return
                failures += 1
                capture = self._opener()
                self._reopened += capture.isOpened()
        except Exception as error:  # a driver's: told as the end of the source
            self._end(f"ended: {type(error).__name__}: {error}")
        finally:
            capture.release()

    def _keep(self, caught: _Caught) -> None:
        with self._news:
            self._dropped += self._newest is not None
            self._newest = caught
            self._news.notify_all()

    def _end(self, why: str) -> None:
        with self._news:
            self._ended = why
            self._news.notify_all()
