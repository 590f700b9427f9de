"""Files that appear whole or not at all, and Ctrl-C kept back while they are written."""

import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from drol_jax.errors import UserError


class DelayedInterrupt:
    """Inside ``with`` Ctrl-C is noted, and takes effect at the next `check`, in `let_through`, or at the end.

    Orbax writes in threads of its own, and a temporary folder is there before it is known by name: an exception in
    between would leave it behind.
    """

    def __init__(self) -> None:
        self._handler: Callable[[int, Any], Any] | None = None
        self._asked = False

    def __enter__(self) -> "DelayedInterrupt":
        handler = signal.getsignal(signal.SIGINT)
        # Where Ctrl-C is ignored, or ends the process at once, that stays; other threads than the first never see it.
        if callable(handler) and threading.current_thread() is threading.main_thread():
            self._handler = handler
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()
        self.check()

    def check(self) -> None:
        """What Ctrl-C does outside, if it came: by default it raises KeyboardInterrupt."""
        if self._asked and self._handler is not None:
            self._asked = False
            self._handler(signal.SIGINT, None)

    @contextmanager
    def let_through(self) -> Iterator[None]:
        """A part in which Ctrl-C takes effect at once."""
        self.check()
        self._restore()
        try:
            yield
        finally:
            if self._handler is not None:
                signal.signal(signal.SIGINT, self._note)

    def _note(self, *_: object) -> None:
        self._asked = True

    def _restore(self) -> None:
        if self._handler is not None:
            signal.signal(signal.SIGINT, self._handler)


@contextmanager
def scratch_beside(target: Path, wanted: str) -> Iterator[Path]:
    """A folder beside a target that is written there first and moved; its parents are made, and go where that fails.

    Args:
      wanted: what the user may choose in its place, in words.

    Raises:
      UserError: it cannot be written.
    """
    made = [parent for parent in target.absolute().parents if not parent.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as scratch:
            yield Path(scratch)
    except BaseException as error:
        for parent in made:
            with suppress(OSError):
                parent.rmdir()
        if not isinstance(error, OSError):
            raise
        wrong = error.strerror or error
        raise UserError(f"cannot write {target} ({wrong}); choose {wanted} you may write") from error
