"""Memory that the C library or Python takes care of, at times when it had better not."""

import atexit
import ctypes
import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


def give_back() -> None:
    """Give memory that is free to the system, where the C library can (glibc: Linux).

    For what is done once and takes much: a program that is compiled or comes from the disk takes ten times its own
    size meanwhile. Otherwise glibc keeps what is freed amid what is not, and after `keep_memory` all of it.
    """
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).malloc_trim(0)


def collect_seldom() -> None:
    """Have Python look for garbage after tens of thousands of new objects in place of hundreds, for a whole program:
    see `uncollected`. What is dropped is mostly freed at once, by Python's counts."""
    gc.set_threshold(50_000, 20, 20)


def forget_garbage() -> None:
    """Have Python look for garbage no more among all that there is, for a process about to end: it would do so twice,
    a third of a second after jax, for memory that the system takes back anyway. See `collect_at_the_end`."""
    gc.freeze()


def collect_at_the_end() -> None:
    """Have Python look all the same as the process ends, for code of users: what a module of theirs holds, as a file
    that is open, is closed by the collector alone."""
    atexit.register(gc.unfreeze)


class _Uncollected:
    """How many threads want no collection, and whether Python collected before the first of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count, self._collects = 0, True

    def enter(self) -> None:
        with self._lock:
            if self._count == 0:
                self._collects = gc.isenabled()
                gc.disable()
            self._count += 1

    def leave(self) -> None:
        with self._lock:
            self._count -= 1
            if self._count == 0 and self._collects:
                gc.enable()


_UNCOLLECTED = _Uncollected()  # Python's collector is one for all threads


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep Python from looking for garbage, for a while in which much is made and little is dropped.

    A trace makes a hundred thousand objects, as does importing jax, and the collector looks at all of them again and
    again: a twentieth to a tenth of the time that either takes. Of several threads in here the last lets it go on.
    """
    _UNCOLLECTED.enter()
    try:
        yield
    finally:
        _UNCOLLECTED.leave()
