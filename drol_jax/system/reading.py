"""Files of others, read with care: regular ones, no larger than they may be; JSON without traps.

Errors are OSError and ValueError with a reason in words, for the caller knows what the file should have been.
"""

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO

LFS = b"version https://git-lfs.github.com/spec/"
"""How the three lines begin that Git LFS has in place of a file that was not fetched."""
MOST = 256 * 2**20
"""Bytes of a table or a document; none that is known comes near to it."""
MOST_DIGITS = 300
"""Of an integer; a float holds no larger one."""
_PIECE = 2**16
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_LONG_MARKS = {b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32"}
"""Byte-order marks of text that is not UTF-8, as Windows' programs write it."""
_STREAMS = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")  # what a shell passes on: whoever writes there has begun


def content(path: Path, most: int = MOST) -> bytes:
    """The bytes of a file.

    Raises:
      OSError: no such file; a folder, pipe, socket or device, which might never end; more than `most` bytes.
    """
    waits = str(path).startswith(_STREAMS)
    descriptor = os.open(path, os.O_RDONLY | (0 if waits else getattr(os, "O_NONBLOCK", 0)))
    with open(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        if stat.S_ISDIR(about.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(about.st_mode) and not waits:
            raise OSError(errno.EINVAL, "it is no regular file")
        found = _all(file, about.st_size, most) if about.st_size <= most else b""
    if max(about.st_size, len(found)) > most:
        raise OSError(errno.EFBIG, f"it has more than {_told(most)}, the most that is read")
    return found


def _all(file: BinaryIO, size: int, most: int) -> bytes:
    """What a file holds, or its first `most` bytes and some more. Python takes as much memory as it is asked to read,
    so it is asked for what the file had as it was opened, and for more while there is more."""
    wanted = min(max(size, _PIECE), most) + 1
    parts, length, last = [], 0, wanted
    while length <= most and last == wanted:  # less is read at the end alone, which a terminal tells but once
        parts.append(file.read(wanted))
        last = len(parts[-1])
        length += last
    return b"".join(parts)


def _told(count: int) -> str:
    return f"{count / 2**20:.0f} MiB" if count >= 2**20 else f"{count / 2**10:.0f} KiB"


def regular(path: Path) -> None:
    """Check that a file that another library opens is a regular one: a pipe would keep it waiting without end.

    Raises:
      OSError: it is none, or is not there.
    """
    mode = os.stat(path).st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is no regular file")


def text(path: Path, most: int = MOST) -> str:
    """A file of text in UTF-8, UTF-16 or, with its mark, UTF-32; line ends become newlines. UTF-16 is told by its
    byte-order mark, or by zeros in every second byte of a text that begins with two signs of ASCII.

    Raises:
      OSError: as `content`.
      UnicodeDecodeError: it is no such text.
    """
    found = content(path, most)
    return found.decode(_encoding(found)).replace("\r\n", "\n").replace("\r", "\n")


def _encoding(found: bytes) -> str:
    head = found[:4]
    if head in _LONG_MARKS:
        return _LONG_MARKS[head]
    if len(head) == 4 and head[1] == head[3] == 0 < min(head[0], head[2]):
        return "utf-16-le"
    if len(head) == 4 and head[0] == head[2] == 0 < min(head[1], head[3]):
        return "utf-16-be"
    return _MARKS.get(found[:2], "utf-8-sig")


def parsed(document: str | bytes) -> Any:
    """What a JSON document says.

    Raises:
      ValueError: it is not JSON, holds a key twice or an integer that no float holds, or is nested too deeply.
    """
    try:
        return json.loads(document, object_pairs_hook=_once, parse_int=_bounded)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def document(path: Path, most: int = MOST) -> Any:
    """What a file of JSON says.

    Raises:
      OSError: as `content`.
      ValueError: as `parsed`; it is no text.
    """
    return parsed(content(path, most))


def _bounded(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"the integer {digits[:12]}... has {len(digits)} digits, more than {MOST_DIGITS}")
    return int(digits)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"key {next(key for key in keys if keys.count(key) > 1)!r} is given twice")
    return found
