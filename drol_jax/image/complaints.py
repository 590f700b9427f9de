"""What libjpeg says of a damaged image that it decodes all the same: it tells standard error alone.

A JPEG that lacks bytes in the middle decodes without an error, into an image that is wrong from there on. OpenCV tells
nobody; libjpeg, below it, writes a line that names no file. So images are decoded in threads that have a standard error
of their own, which costs a microsecond an image. On Linux; elsewhere such lines go where they go.
"""

import ctypes
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_own = threading.local()
_CLOSE_RANGE, _UNSHARE = 436, 2  # the system call has one number on every processor


def listening_pool(workers: int) -> ThreadPoolExecutor:
    """Threads for `listened`. They share no open files with the process, so that nothing else is to be done in them."""
    return ThreadPoolExecutor(workers, thread_name_prefix="drol-frames", initializer=_listen)


def listened(read: Callable[[Any], Any], source: Any) -> tuple[Any, list[str]]:
    """Read an image in a thread of a `listening_pool`.

    Returns:
      The image, and what libjpeg said of it, in lines.
    """
    try:
        image = read(source)
    finally:
        words = _told()
    return image, words


def _listen() -> None:
    """Give the thread a table of open files of its own, with a file in memory as standard error."""
    try:
        call = ctypes.CDLL(None, use_errno=True).syscall
        if call(_CLOSE_RANGE, ctypes.c_uint(3), ctypes.c_uint(2**32 - 1), ctypes.c_uint(_UNSHARE)) != 0:
            return
        kept = os.dup(2)
        heard = os.memfd_create("complaints")
        os.dup2(heard, 2)
    except (OSError, AttributeError):  # standard error is closed; not Linux
        return
    _own.files = kept, heard


def _told() -> list[str]:
    """libjpeg's lines since the last call; anything else goes on to standard error."""
    files = getattr(_own, "files", None)
    if files is None or not (size := os.lseek(files[1], 0, os.SEEK_CUR)):
        return []
    text = os.pread(files[1], size, 0)
    os.ftruncate(files[1], 0)
    os.lseek(files[1], 0, os.SEEK_SET)
    lines = text.splitlines(keepends=True)
    for line in lines:
        if b"JPEG" not in line:
            os.write(files[0], line)
    return [line.decode(errors="replace").strip() for line in lines if b"JPEG" in line]
