"""What libjpeg says of a damaged image that it decodes all the same: it tells the process's standard error alone."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def heard() -> Iterator[list[str]]:
    """Listen to libjpeg while images are decoded. For one thread: standard error is the whole process's.

    A JPEG that lacks bytes in the middle decodes without an error, into an image that is wrong from there on. OpenCV
    tells nobody; libjpeg, below it, writes a line.

    Yields:
      A list that holds those lines when the block has ended. Anything else goes on to standard error.
    """
    lines: list[str] = []
    sys.stderr.flush()
    try:
        file = os.fdopen(os.memfd_create("complaints"), "w+b")  # in memory: a full disk is not the images' fault
        kept = os.dup(2)
    except (OSError, AttributeError):  # standard error is closed; not Linux
        yield lines
        return
    with file:
        os.dup2(file.fileno(), 2)
        try:
            yield lines
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            for line in file.read().splitlines(keepends=True):
                if b"JPEG" in line:
                    lines.append(line.decode(errors="replace").strip())
                else:
                    os.write(2, line)
