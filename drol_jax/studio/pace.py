"""`Pace`: a pass that a page goes along with is never more than one frame ahead of what that page shows."""

from threading import Condition
from time import monotonic

PATIENCE = 0.25
"""Seconds that a pass waits at a frame for the page."""
GONE = 4
"""Such times after which a page that told nothing goes along no longer."""


class Pace:
    """What the page shows of a pass. Nobody is waited for until a page has told once."""

    def __init__(self, changes: Condition, patience: float = PATIENCE):
        """Take the condition that guards the pass."""
        self._changes, self._patience = changes, patience
        self._shown: tuple[int, float] | None = None

    def shown(self, number: int) -> None:
        """The page shows this frame."""
        with self._changes:
            self._shown = number, monotonic()
            self._changes.notify_all()

    def begin(self) -> None:
        """Another pass: what was shown of the last one is of no account."""
        self._shown = None

    def wait(self, number: int) -> None:
        """Wait before this frame is told of. The condition is held."""
        self._changes.wait_for(lambda: self._near(number), self._patience)

    def _near(self, number: int) -> bool:
        if self._shown is None:
            return True
        at, when = self._shown
        return abs(number - at) <= 1 or monotonic() - when > GONE * self._patience
