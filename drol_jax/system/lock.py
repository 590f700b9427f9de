"""One process at a time in a folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from drol_jax.errors import UserError, reason


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a folder, which is made where it is not there, for the block. No file is left, whatever ends the process.

    Where the system or the disk knows no locks the folder is not held.

    Raises:
      UserError: it is held already; it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise UserError(
            f"cannot write to {folder}: {reason(error)}; mend the permissions or choose another --output"
        ) from error
    try:
        try:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"another run is writing to {folder}; wait for its end, or choose another --output"
            ) from None
        except (ImportError, OSError):  # Windows; some network disks
            pass
        yield
    finally:
        with suppress(OSError):
            os.close(descriptor)
