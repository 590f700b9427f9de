"""How a converter starts and ends as a program: Ctrl-C at any moment is one line and exit code 130."""

import os
import signal
import sys
import threading
from _thread import interrupt_main
from typing import Any, NoReturn

AGAIN_SECONDS = 0.05


def start(converter: str) -> NoReturn:
    """Import a converter, run its `main`, and end."""
    # Importing JAX takes a second, and libraries that Ctrl-C meets while they begin turn it into errors of their own.
    heard = signal.getsignal(signal.SIGINT)
    if heard is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _end)
    from importlib import import_module

    from drol_jax.system.program import guarded

    main = import_module(f"drol_jax.convert.{converter}").main
    sys.unraisablehook = _not_passed_by
    signal.signal(signal.SIGINT, heard)
    code = guarded(main)
    # All is said and done: what ends the process is not to be interrupted.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if code == 130:
        # JAX, interrupted while it compiles, may crash where Python takes its modules apart.
        sys.stdout.flush()
        os._exit(code)
    sys.exit(code)


def _end(*_: object) -> NoReturn:
    os.write(2, b"interrupted\n")
    os._exit(130)


def _not_passed_by(unraisable: Any) -> None:
    """Let Ctrl-C come again where Python drops it: in a callback of the garbage collector, of which JAX has one."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        threading.Timer(AGAIN_SECONDS, interrupt_main).start()
    else:
        sys.__unraisablehook__(unraisable)
