"""Ctrl-C: kept back while files are written, and heard while a program starts and ends."""

import os
import signal
import sys
import threading
from _thread import interrupt_main
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NoReturn

from drol_jax.system.program import guarded

AGAIN_SECONDS = 0.05
"""Pause before an interrupt that Python dropped comes again."""


class DelayedInterrupt:
    """Keeps Ctrl-C back inside ``with``; it takes effect at the next `check`, in `let_through`, or at the end.

    Orbax writes in threads of its own, and a temporary folder exists before its name is known: an exception in between
    would leave it behind.
    """

    def __init__(self) -> None:
        self._handler: Callable[[int, Any], Any] | None = None
        self._asked = False

    def __enter__(self) -> "DelayedInterrupt":
        handler = signal.getsignal(signal.SIGINT)
        # Where Ctrl-C is ignored, or ends the process at once, that stays; only the first thread ever sees it.
        if callable(handler) and _in_main_thread():
            self._handler = handler
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()
        self.check()

    def check(self) -> None:
        """Let an interrupt that came take effect: by default it raises KeyboardInterrupt."""
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
def ending_at_once() -> Iterator[None]:
    """End the process on Ctrl-C inside ``with``, in one line and with exit code 130.

    Meant for imports: JAX takes a second, and libraries that Ctrl-C meets while they begin turn it into errors of
    their own.
    """
    handler = signal.getsignal(signal.SIGINT)
    if not _in_main_thread() or handler in (signal.SIG_IGN, None):
        yield
        return
    signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def start(module: str, argv: Sequence[str]) -> NoReturn:
    """Import a program, run its `main`, and end the process with its exit code; Ctrl-C is heard at any moment.

    Args:
      module: full name of a module with ``main(argv) -> exit code``.
      argv: arguments after the program's name.
    """
    with ending_at_once():
        main = import_module(module).main
    sys.unraisablehook = _interrupt_again
    code = guarded(lambda: main(argv))
    # All is said and done: what ends the process is not to be interrupted.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if code == 130:
        # JAX, interrupted while it compiles, may crash where Python takes its modules apart.
        sys.stdout.flush()
        os._exit(code)
    sys.exit(code)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _end(*_: object) -> NoReturn:
    os.write(2, b"interrupted\n")
    os._exit(130)


def _interrupt_again(unraisable: Any) -> None:
    """Send Ctrl-C again where Python drops it: in a callback of the garbage collector, of which JAX has one."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        threading.Timer(AGAIN_SECONDS, interrupt_main).start()
    else:
        sys.__unraisablehook__(unraisable)
