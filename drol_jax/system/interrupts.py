"""Ctrl-C and SIGTERM: kept back while files are written, and heard while a program starts and ends."""

import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import FrameType
from typing import Any, NoReturn

from drol_jax.system import streams
from drol_jax.system.memory import collect_seldom, forget_garbage
from drol_jax.system.program import guarded, quiet_output, tell

ENDS = (signal.SIGINT, signal.SIGTERM)
"""What ends a program: Ctrl-C, and what `kill` and schedulers send."""

AGAIN_SECONDS = 0.05
"""Pause before an interrupt that Python dropped comes again."""


class DelayedInterrupt:
    """Keeps Ctrl-C and SIGTERM back inside ``with``; they act at the next `check`, in `let_through`, or at the end.

    Orbax writes in threads of its own, and a temporary folder exists before its name is known: an exception in between
    would leave it behind.
    """

    def __init__(self) -> None:
        self._handlers: dict[int, Callable[[int, Any], Any]] = {}
        self._asked = 0

    def __enter__(self) -> "DelayedInterrupt":
        # What is ignored, or ends the process at once, stays; only the first thread ever sees a signal.
        found = {number: signal.getsignal(number) for number in ENDS} if _in_main_thread() else {}
        self._handlers = {number: handler for number, handler in found.items() if callable(handler)}
        self._keep_back()
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()
        self.check()

    def check(self) -> None:
        """Let an interrupt that came take effect: by default it raises KeyboardInterrupt."""
        number, self._asked = self._asked, 0
        if number:
            self._handlers[number](number, None)

    @contextmanager
    def let_through(self) -> Iterator[None]:
        """A part in which Ctrl-C takes effect at once."""
        self.check()
        self._restore()
        try:
            yield
        finally:
            self._keep_back()

    def _keep_back(self) -> None:
        for number in self._handlers:
            signal.signal(number, self._note)

    def _note(self, number: int, _: object) -> None:
        self._asked = number

    def _restore(self) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)


def start(module: str, argv: Sequence[str] | None = None, leave: Callable[[int], NoReturn] = os._exit) -> NoReturn:
    """Import a program, run its `main`, and end the process with its exit code.

    Ctrl-C and a request to end (SIGTERM) are heard at any moment: one word, and exit code 130 or 143. A reader of the
    output that has gone ends the program quietly, with 141. What the output's encoding lacks is escaped.

    Args:
      module: full name of a module with ``main(argv) -> exit code``.
      argv: arguments after the program's name; None: the process's own.
      leave: ends the process with an exit code, at once.
    """
    heard = _Heard(leave)
    heard.listen()
    streams.make_safe()
    collect_seldom()
    sys.unraisablehook = _interrupt_again
    warnings.formatwarning = _one_line
    code = _code(module, argv, heard)
    # All is said and done: what ends the process is not to be interrupted.
    for number in ENDS:
        signal.signal(number, signal.SIG_IGN)
    if heard.number is not None and code in (130, 143):
        # JAX, interrupted while it compiles, may crash where Python takes its modules apart.
        leave(128 + heard.number)
    forget_garbage()
    sys.exit(code)


def _one_line(message: Warning | str, category: type[Warning], filename: str, *_: object) -> str:
    """A warning as programs tell it: of our own what it says, of others' where it comes from too."""
    return f"warning: {message}\n" if category is UserWarning else f"warning: {filename}: {message}\n"


def _code(module: str, argv: Sequence[str] | None, heard: "_Heard") -> Any:
    try:
        try:
            main = import_module(module).main
            code = guarded(lambda: main(argv))
        except SystemExit as end:  # after --help
            code = end.code
        except BrokenPipeError:
            raise
        except BaseException:
            if heard.number is None:
                raise
            tell("interrupted")  # a library took it for an error of its own
            code = 130
        code = guarded(lambda: _flushed(code))
    except BrokenPipeError:
        quiet_output()
        code = 141  # as a shell tells of a program that the closed pipe has ended
    return code


def _flushed(code: Any) -> Any:
    sys.stdout.flush()
    return code


class _Heard:
    """What the process was asked to end by. Called by Python, as a handler of signals, in the first thread."""

    def __init__(self, leave: Callable[[int], NoReturn]) -> None:
        self.number: int | None = None
        self._leave = leave

    def listen(self) -> None:
        """Hear what is not ignored from outside, as by nohup."""
        for number in ENDS:
            if _in_main_thread() and signal.getsignal(number) not in (signal.SIG_IGN, None):
                signal.signal(number, self)

    def __call__(self, number: int, frame: FrameType | None) -> NoReturn:
        self.number = number
        while frame is not None:
            # Libraries that are stopped while they begin turn it into errors of their own; nothing is written then.
            if frame.f_code.co_filename.startswith("<frozen importlib"):
                os.write(2, b"interrupted\n")
                self._leave(128 + number)
            frame = frame.f_back
        raise KeyboardInterrupt(number)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _interrupt_again(unraisable: Any) -> None:
    """Send Ctrl-C again where Python drops it: in a callback of the garbage collector, of which JAX has one."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        number = next(iter(getattr(unraisable.exc_value, "args", ())), signal.SIGINT)
        main = threading.main_thread().ident
        threading.Timer(AGAIN_SECONDS, signal.pthread_kill, (main, number)).start()
    else:
        sys.__unraisablehook__(unraisable)
