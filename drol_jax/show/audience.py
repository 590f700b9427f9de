"""`Audience`: the open pages of a run, so that each can be told of its end."""

from threading import Condition

LATELY = 3.0
"""Seconds: a page that has not asked for so long has gone."""
MOST = 64
"""Pages that are remembered."""


class Audience:
    """Pages by names that they gave themselves, and when each asked last."""

    def __init__(self) -> None:
        self._asked: dict[str, float] = {}
        self._changed = Condition()

    def asks(self, page: str, now: float) -> None:
        """A page has asked, at a time in seconds."""
        with self._changed:
            self._asked.pop(page, None)
            self._asked[page] = now
            while len(self._asked) > MOST:
                del self._asked[next(iter(self._asked))]

    def goes(self, page: str) -> None:
        """A page has been told all that there is."""
        with self._changed:
            self._asked.pop(page, None)
            self._changed.notify_all()

    def wait_empty(self, now: float, seconds: float) -> bool:
        """Wait until no page is left that asked lately; at most so many seconds. Returns whether that came about."""
        with self._changed:
            self._asked = {page: last for page, last in self._asked.items() if last >= now - LATELY}
            return self._changed.wait_for(lambda: not self._asked, seconds)
