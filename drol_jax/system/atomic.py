"""Files and folders that appear whole or not at all: written beside their place, synced to the disk, then renamed.

Other programs, and a process that is killed at any moment, see the old content or the new, never a part.
"""

import fnmatch
import glob
import os
import platform
import re
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from drol_jax.errors import UserError, reason

_TEMPORARY = re.compile(r"\.(?P<pid>[0-9]+)(@(?P<host>[^.]*))?\.tmp(\.\w+)?$")
CURE = "free space, mend the permissions or choose another --output"


@contextmanager
def file(path: Path, cure: str = CURE, *, suffix: str = "") -> Iterator[Path]:
    """Yield a temporary path to write to, which replaces `path` where the block ends well and goes where it does not.

    Args:
      path: its folder exists.
      cure: what the user may do where it cannot be written.
      suffix: end of the temporary name, for libraries that choose a format by it.

    Raises:
      UserError: the file cannot be written; what was there before is as it was.
    """
    temporary = temporary_of(path, suffix)
    try:
        try:
            yield temporary
            _sync(temporary)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"cannot write {path}: {reason(error)}; {cure}") from error


def write_text(path: Path, text: str, cure: str = CURE) -> None:
    """Replace a text file (UTF-8, lines end in LF), as `file` does. Names of others that are not in UTF-8 are spelled
    as Python does."""
    write_bytes(path, text.encode(errors="backslashreplace"), cure)


def write_bytes(path: Path, content: bytes, cure: str = CURE) -> None:
    """Replace a binary file, as `file` does."""
    with file(path, cure) as temporary:
        temporary.write_bytes(content)


def delete(path: Path, cure: str = "mend the permissions") -> None:
    """Take a file away, where there is one.

    Raises:
      UserError: it cannot be deleted, or is a folder.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"cannot delete {path}: {reason(error)}; {cure}") from error


def spare(paths: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Check that files may be written, whatever they hold now.

    Args:
      inputs: what is read meanwhile.

    Raises:
      UserError: one is among the inputs, or is no file that can be replaced: a folder, a pipe, a device.
    """
    read = [path for path in inputs if os.path.exists(path)]  # Path.exists fails on addresses that are long
    for path in filter(os.path.exists, paths):
        if any(path.samefile(one) for one in read):
            raise UserError(f"{path} is what is read, and would be written over; choose another --output")
        if not path.is_file():
            raise UserError(f"{path} is no regular file; choose another --output")


@contextmanager
def scratch(target: Path, cure: str) -> Iterator[Path]:
    """Yield an empty folder beside `target`, to write in before `replace`; it goes where the block ends.

    Parents of the target are made; those that were made go where the block fails.

    Args:
      target: the file or folder to be.
      cure: what the user may do where it cannot be written.

    Raises:
      UserError: it cannot be written.
    """
    made = [parent for parent in target.absolute().parents if not parent.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
            yield Path(folder)
    except BaseException as error:
        for parent in made:
            with suppress(OSError):
                parent.rmdir()
        if not isinstance(error, OSError):
            raise
        raise UserError(f"cannot write {target}: {reason(error)}; {cure}") from error


def check_replaceable(folder: Path, files: Sequence[str], *, force: bool) -> None:
    """Check that a folder may be written as a whole: nothing is there, or an earlier one that may be replaced.

    Args:
      files: names that tell one of its kind.
      force: replace an earlier one.

    Raises:
      UserError: something is in the way.
    """
    if not folder.exists():
        return
    if not all((folder / name).is_file() for name in files):
        raise UserError(f"{folder} holds something else and is not overwritten; name another folder")
    if not force:
        raise UserError(f"{folder} exists; name another folder, or allow overwriting what was written there (--force)")


def replace(fresh: Path, target: Path) -> None:
    """Put a file or folder of a `scratch` folder in the target's place.

    An earlier target is kept in the scratch folder until then, and comes back where that fails: a folder that holds
    something cannot be replaced in one step.

    Raises:
      OSError: it cannot be put there.
    """
    for path in (*fresh.rglob("*"), fresh):
        _sync(path)
    if not target.is_dir():
        fresh.replace(target)
        return
    aside = fresh.with_name(f"{fresh.name}.old")
    target.rename(aside)
    try:
        fresh.rename(target)
    except OSError:
        aside.rename(target)
        raise


def temporary_of(path: Path, suffix: str = "") -> Path:
    """The name that this thread writes a file under: hidden, beside it, known to `clear_litter`."""
    return path.with_name(f".{path.name}.{threading.get_ident()}.{os.getpid()}@{_host()}.tmp{suffix}")


def files_below(folder: Path, pattern: str) -> Iterator[Path]:
    """Files below a folder whose names fit a pattern.

    Other processes may make and delete folders there meanwhile, for which `Path.rglob` raises an error.
    """
    for place, _, names in os.walk(folder):
        yield from (Path(place, name) for name in fnmatch.filter(names, pattern))


def clear_litter(folder: Path) -> None:
    """Delete temporary files below a folder whose processes were killed on this machine while they wrote.

    Raises:
      UserError: a file cannot be deleted.
    """
    for path in list(files_below(folder, ".*.tmp*")):
        if _is_left(path):
            delete(path)


def clear_litter_of(paths: Iterable[Path]) -> None:
    """As `clear_litter`, of these files alone: their folder may be a user's, with much else below it.

    Raises:
      UserError: a file cannot be deleted.
    """
    for path in paths:
        for temporary in list(path.parent.glob(f".{glob.escape(path.name)}.*.tmp*")):
            if _is_left(temporary):
                delete(temporary)


def _is_left(path: Path) -> bool:
    """Whether a name is one of `temporary_of`, by a process of this machine that is no more, or is this one."""
    found = _TEMPORARY.search(path.name)
    if found is None or (found["host"] or _host()) != _host():
        return False
    return int(found["pid"]) == os.getpid() or not _runs(int(found["pid"]))


def _sync(path: Path) -> None:
    """Have the system write a file or folder to the disk now."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _host() -> str:
    """The machine's name, without dots: others may write to the same folder, and know other processes by a number."""
    return platform.node().replace(".", "-")


def _runs(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # there is, but it is another user's
        return True
    return True
