"""Memory that the C library holds back."""

import ctypes
import sys
from contextlib import suppress


def give_back() -> None:
    """Give memory that is free to the system, where the C library can (glibc: Linux).

    For what is done once and takes much: a program that is compiled or comes from the disk takes ten times its own
    size meanwhile. Otherwise glibc keeps what is freed amid what is not, and after `keep_memory` all of it.
    """
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).malloc_trim(0)
