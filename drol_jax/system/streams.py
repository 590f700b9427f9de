"""Standard output and error of a program: there even where they are closed, full disks told as those of files are."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper

from drol_jax.errors import UserError, reason


def make_safe() -> None:
    """Have what is printed never raise for letters that the output lacks, nor because a stream is closed."""
    for number in range(3):  # where one is closed, the next file that is opened would take its place
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if isinstance(sys.stderr, TextIOWrapper):
        sys.stderr.reconfigure(errors="backslashreplace")
    elif sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115  as long as the process runs
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout = Output(sys.stdout)
    elif sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115


class Output(TextIOWrapper):
    """Standard output on a disk that may be full. What it cannot take is a UserError, once; the rest goes nowhere."""

    def __init__(self, stream: TextIOWrapper) -> None:
        """Take over from a stream, which goes on to own the file."""
        stream.flush()
        super().__init__(
            stream.buffer,
            stream.encoding,
            "backslashreplace",
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )
        self._stream = stream

    def write(self, text: str, /) -> int:
        with self._told():
            return super().write(text)

    def flush(self) -> None:
        with self._told():
            super().flush()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:  # its reader has gone, which is nobody's mistake
            raise
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            raise UserError(
                f"standard output cannot be written ({reason(error)}); free space or send it elsewhere"
            ) from error
