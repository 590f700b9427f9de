"""Claims on work, held by locks on files: several processes, also on several machines, share a folder without harm.

A lock goes with the process that holds it: whoever is killed leaves nothing behind that others wait for. On a network's
file system the server hands locks out (NFS, CephFS, GPFS, Lustre mounted with ``flock``). A file lies there only while
it is claimed.
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from stat import S_ISDIR
from typing import Self

from drol_jax.errors import UserError, reason

PAUSE = 0.2
"""Seconds between two looks at a claim that another process holds."""

ATTEMPTS = 1000
"""To make a folder that others take away; in some places (/proc) none can be made, with the same error."""


class Claim:
    """A file that this process has locked. Released by `release`, at the end of ``with``, or with the process."""

    def __init__(self, path: Path, descriptor: int):
        self._path, self._descriptor = path, descriptor

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Give it up; the file goes, unless others share it."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor < 0:
            return
        if _locked(descriptor, self._path, shared=False) and _is_at(descriptor, self._path):
            with suppress(OSError):
                self._path.unlink()
            with suppress(OSError):  # others have claims there
                self._path.parent.rmdir()
        os.close(descriptor)

    def __del__(self) -> None:
        if self._descriptor >= 0:
            self.release()


def claim(path: Path, *, shared: bool = False) -> Claim | None:
    """Claim a file; None where another claim holds it.

    Claims exclude one another within a process too, from one call to the next.

    Args:
      path: what is claimed; its folder is made.
      shared: beside other shared claims.

    Raises:
      UserError: the file system cannot lock, or the file cannot be made.
    """
    for attempt in count():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            if attempt < ATTEMPTS and _folder_went(error, path.parent):
                continue
            trouble = f"cannot write to {path.parent.parent}: {reason(error)}"
            raise UserError(f"{trouble}; mend the permissions or choose another --output") from error
        try:
            if not _locked(descriptor, path, shared=shared):
                os.close(descriptor)
                return None
        except BaseException:
            os.close(descriptor)
            raise
        if _is_at(descriptor, path):
            return Claim(path, descriptor)
        os.close(descriptor)  # its holder has taken the file away meanwhile


def wait_for(path: Path, check: Callable[[], None] = lambda: None) -> Claim:
    """Claim a file, when whoever holds it gives it up.

    Args:
      check: called while it is waited for; may raise KeyboardInterrupt.

    Raises:
      UserError: as `claim`.
    """
    while (mine := claim(path)) is None:
        check()
        time.sleep(PAUSE)
    return mine


def _folder_went(error: OSError, folder: Path) -> bool:
    """Whether the last one who had a claim in a folder took it away while it was made or opened.

    `Path.mkdir` finds it there, looks whether it is a folder, and may find none then.
    """
    if isinstance(error, FileNotFoundError):
        return True
    if not isinstance(error, FileExistsError):
        return False
    try:
        return S_ISDIR(folder.stat().st_mode)  # one look: between two it may come back
    except FileNotFoundError:
        return True


def _locked(descriptor: int, path: Path, *, shared: bool) -> bool:
    import fcntl  # POSIX alone has it

    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise UserError(
            f"cannot lock {path}: {reason(error)}; choose an --output on a file system that has locks"
        ) from error
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether a file that is open is the one of that name still."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False
