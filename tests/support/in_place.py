"""A program run in this process as one of its own would run: its own folder, streams and limit of a file's size.

Twenty attempts cost what one process costs, for nothing is imported or compiled anew.
"""

import gc
import os
import resource
import signal
import sys
import threading
from contextlib import ExitStack, chdir, contextmanager
from types import ModuleType

from drol_jax.system.interrupts import ENDS, start

NAME = "attacked_program"


class Reader(threading.Thread):
    """Reads a pipe to its end, or so many lines of it and goes."""

    def __init__(self, lines=None):
        super().__init__(daemon=True)
        self._end, self.inlet = os.pipe()
        self.text, self._lines = "", lines
        if lines == 0:
            os.close(self._end)
        else:
            self.start()

    def run(self):
        with open(self._end, encoding="utf-8", errors="replace") as pipe:
            for number, line in enumerate(pipe, 1):
                self.text += line
                if number == self._lines:
                    return


@contextmanager
def stream(number, name, reader):
    """Standard output or error, of Python and of the libraries, goes to a reader."""
    kept, kept_file = os.dup(number), getattr(sys, name)
    os.dup2(reader.inlet, number)
    os.close(reader.inlet)
    setattr(sys, name, open(number, "w", closefd=False, encoding="utf-8", errors="backslashreplace"))  # noqa: SIM115
    try:
        yield
        getattr(sys, name).flush()  # as Python does where it ends
    finally:
        os.dup2(kept, number)
        os.close(kept)
        setattr(sys, name, kept_file)
        if reader.ident:
            gc.collect()  # threads that read images have open files of their own, the stream among them, until they end
            reader.join(60)


@contextmanager
def largest_file(limit):
    """No file may become larger than `limit` bytes, as on a disk that is full; None: as large as it likes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, before if limit is None else (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def kept_hooks():
    """What a program sets for its process is set back."""
    handlers, hook = {number: signal.getsignal(number) for number in ENDS}, sys.unraisablehook
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for number, handler in handlers.items():
            signal.signal(number, handler)


def interrupted(main, number, after):
    """A program's `main` that gets a signal so many seconds after it began, where it runs so long."""

    def run(argv):
        lock, runs = threading.Lock(), [True]

        def send():
            with lock:
                if runs:
                    os.kill(os.getpid(), number)

        timer = threading.Timer(after, send)
        timer.daemon = True
        timer.start()
        try:
            return main(argv)
        finally:
            timer.cancel()
            with lock:
                runs.clear()

    return run


def run_here(folder, main, *, limit=None, lines=None):
    """Run ``main(None)``, which returns an exit code, as the program of a process.

    Args:
      limit: bytes that a file may have.
      lines: of the output that are read before its reader goes; None: all.

    Returns:
      Exit code, standard output and standard error. What is no UserError is raised.
    """
    module = ModuleType(NAME)
    module.main = main
    sys.modules[NAME] = module
    out, err = Reader(lines), Reader()
    with ExitStack() as stack:
        for context in (kept_hooks(), chdir(folder), stream(1, "stdout", out), stream(2, "stderr", err)):
            stack.enter_context(context)
        stack.enter_context(largest_file(limit))
        try:
            start(NAME, leave=sys.exit)
        except SystemExit as end:
            code = end.code
    return code, out.text, err.text
