"""`Appended`: a text file that grows by whole blocks, so that it is valid whenever the process ends."""

import os
from collections.abc import Callable
from pathlib import Path

from drol_jax.errors import UserError, reason
from drol_jax.system import atomic

Write = Callable[[int, bytes], int]
"""`os.write`: to an open file, how many bytes went there."""


class Appended:
    """A text file (UTF-8) that is replaced once and appended to afterwards."""

    def __init__(self, path: Path, start: str, *, write: Write = os.write) -> None:
        """Replace the file by its first text, whole or not at all, and hold it open.

        Raises:
          UserError: it cannot be written.
        """
        self._path, self._write = path, write
        atomic.write_text(path, start)
        self._file: int | None = self._opened()

    def append(self, text: str) -> None:
        """Write a block to the file's end, in one call where the system takes it at once.

        Raises:
          UserError: it cannot be written, for want of space as a rule; what part of it went there is taken away again.
        """
        if self._file is None:
            raise ValueError(f"{self._path} is closed")
        data = text.encode()
        size = os.fstat(self._file).st_size
        try:
            while data:
                data = data[self._write(self._file, data) :]
        except OSError as error:
            os.ftruncate(self._file, size)
            raise UserError(f"cannot write {self._path}: {reason(error)}; {atomic.CURE}") from error

    def restart(self, before: str, now: str) -> None:
        """Change the text that the file starts with, whole or not at all.

        Raises:
          UserError: it cannot be read or written.
        """
        try:
            content = self._path.read_bytes()
        except OSError as error:
            raise UserError(f"cannot read {self._path}: {reason(error)}; {atomic.CURE}") from error
        self.close()
        atomic.write_bytes(self._path, now.encode() + content[len(before.encode()) :])
        self._file = self._opened()

    def sync(self) -> None:
        """Have the system write the file to the disk now, so that a power cut takes nothing of it.

        Raises:
          UserError: it cannot be written.
        """
        if self._file is not None:
            try:
                os.fsync(self._file)
            except OSError as error:
                raise UserError(f"cannot write {self._path}: {reason(error)}; {atomic.CURE}") from error

    def close(self) -> None:
        """Let go of the file. May be called twice."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _opened(self) -> int:
        try:
            return os.open(self._path, os.O_WRONLY | os.O_APPEND)
        except OSError as error:
            raise UserError(f"cannot write {self._path}: {reason(error)}; {atomic.CURE}") from error
