"""`Rate`: how many frames a second there are, lately."""

import time
from collections import deque
from collections.abc import Callable

FRAMES = 60
"""That the rate is taken over: it forgets a slow start."""


class Rate:
    """Frames a second over the last 60."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        """Begin.

        Args:
          clock: seconds that grow.
        """
        self._clock = clock
        self._ticks: deque[float] = deque(maxlen=FRAMES)

    def tick(self) -> float:
        """Count a frame. Returns the clock's time, seconds."""
        self._ticks.append(self._clock())
        return self._ticks[-1]

    def now(self, ended: bool = False) -> float:
        """The rate up to this moment, so that it falls while nothing comes; 0 before the second frame.

        Args:
          ended: no frame follows: the rate stays what it was.
        """
        if len(self._ticks) < 2:
            return 0.0
        until = self._ticks[-1] if ended else max(self._clock(), self._ticks[-1])
        return (len(self._ticks) - 1) / max(until - self._ticks[0], 1e-6)
