"""What the command-line programs share: a line to the user, exit codes, what is kept of code and memory."""

import ctypes
import errno
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drol_jax.errors import UserError, one_line, reason
from drol_jax.system.memory import give_back
from drol_jax.system.workers import cores

DEFAULT_CACHE = Path("~/.cache/drol_jax")
TOLD = "JAX_COMPILATION_CACHE_DIR"
"""Environment variable of jax's, which takes the folder from it by itself."""

STORES = 4
"""Stores of memory for each core, which threads allocate from: see `keep_memory`."""
_TRIM_THRESHOLD, _MOST_MAPPED, _MOST_STORES = -1, -4, -8  # M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX of malloc.h

UNSEEN = (errno.ENAMETOOLONG, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.ELOOP)
"""Why the system may not even tell whether a path is there."""


@dataclass(frozen=True, kw_only=True)
class CacheArguments:
    """Arguments about the folder that compiled code is kept in."""

    cache_dir: Path | None = None
    """Folder for compiled code, kept between runs. Default: $JAX_COMPILATION_CACHE_DIR, else ~/.cache/drol_jax."""
    no_cache: bool = False
    """Keep no compiled code, and use none that is kept."""

    @property
    def cache(self) -> Path | None:
        """The folder; None for none."""
        if self.no_cache:
            return None
        return (self.cache_dir or Path(os.environ.get(TOLD) or DEFAULT_CACHE)).expanduser()


def tell(words: str) -> None:
    """A line on standard error, or several, at once; nothing in them that a terminal obeys."""
    try:
        print("\n".join(map(one_line, words.split("\n"))), file=sys.stderr, flush=True)
    except BrokenPipeError:
        raise
    except OSError:
        pass  # on a full disk; there is no other place to tell of it


def guarded(run: Callable[[], int]) -> int:
    """The exit code of a command; misuse is one line and exit code 2, Ctrl-C 130, SIGTERM 143.

    Notes of an interrupt are told behind its one word: whether the command goes on, if it is given again.

    Misuse is also a path that the system cannot even look for, wherever that is asked: `Path.exists` and its like raise
    then.
    """
    try:
        return run()
    except UserError as error:
        tell(f"error: {error}")
        for note in getattr(error, "__notes__", ()):
            tell(f"error: {one_line(note)}")
        return 2
    except OSError as error:
        if error.errno not in UNSEEN or error.filename is None:
            raise
        tell(f"error: {one_line(os.fsdecode(error.filename))}: {reason(error)}; check the path and its permissions")
        return 2
    except KeyboardInterrupt as stop:
        tell("; ".join(["interrupted", *getattr(stop, "__notes__", ())]))
        return 128 + (stop.args[0] if stop.args else signal.SIGINT)


def quiet_output() -> None:
    """Let nothing more be written where whoever read the output has gone: Python writes the rest as it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def make_ready(arguments: CacheArguments, stores: int | None = None) -> None:
    """What a program does once before it computes: `keep_compiled` and `keep_memory`.

    Args:
      stores: as `keep_memory` takes it.

    Raises:
      UserError: as `keep_compiled` does.
    """
    keep_memory(stores)
    keep_compiled(arguments)


def keep_memory(stores: int | None = None) -> bool:
    """Have this process keep memory that it frees, for what it allocates next, as long as it runs.

    A compiled function takes its scratch memory anew in every call. The C library asks the system for blocks of 32 MiB
    and more, and gives them back at once: every call then pays for pages being mapped and cleared, a quarter of a
    step's time with AlexNet. The process holds as much as it ever needed at once. Call it before there are threads.

    Threads take what they need from a few stores. With eight for each core, as the C library has them by default, a
    benchmark's process takes up to 1.7 times as much in the end, as each keeps what it ever needed. With one for each
    core, frames of NanoTrack take 1.2 times as long in a process that has compiled: thousands of holes are left, and
    looked through. Where programs come from the disk it makes no difference.

    Args:
      stores: how many; by default `STORES` for each core.

    Returns:
      Whether the C library can be told so (glibc: Linux).
    """
    stores = STORES * len(cores()) if stores is None else stores
    return _tell_malloc({_TRIM_THRESHOLD: -1, _MOST_MAPPED: 0, _MOST_STORES: stores})


def keep_memory_no_longer() -> None:
    """Undo `keep_memory` but for the number of stores, and give back what is free: what follows computes otherwise."""
    _tell_malloc({_TRIM_THRESHOLD: 2**17, _MOST_MAPPED: 2**16})  # as the C library has them by default
    give_back()


def _tell_malloc(settings: dict[int, int]) -> bool:
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # no such function; TypeError: Windows has no library of all
        return False
    told = [mallopt(which, value) for which, value in settings.items()]
    return all(told)


def keep_compiled(arguments: CacheArguments) -> None:
    """Keep compiled code on disk from here on, as the arguments say. Imports jax.

    A default folder that cannot be made is told of, and nothing is kept.

    Raises:
      UserError: the arguments contradict each other, or the folder asked for cannot be made.
    """
    if arguments.no_cache and arguments.cache_dir is not None:
        raise UserError("--cache-dir and --no-cache exclude each other; drop one")
    import jax

    folder = _made(arguments)
    if folder is None:
        jax.config.update("jax_enable_compilation_cache", False)  # also where its environment names a folder
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    # Every program counts: tracking compiles dozens of small ones beside the few large ones.
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


def keep_compiled_unless_told() -> None:
    """Keep compiled code in DEFAULT_CACHE, where jax has not been told of another folder, nor to keep none."""
    import jax

    told: Any = jax.config  # its values are not typed
    if told.jax_compilation_cache_dir is not None or not told.jax_enable_compilation_cache:
        return
    keep_compiled(CacheArguments())
    # Whoever has compiled before has had jax decide that nothing is kept.
    from jax.experimental.compilation_cache import compilation_cache

    compilation_cache.reset_cache()


def _made(arguments: CacheArguments) -> Path | None:
    folder = arguments.cache
    if folder is None:
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        trouble = f"cannot make the cache folder {folder} ({reason(error)})"
        if arguments.cache_dir is not None:
            raise UserError(f"{trouble}; choose another --cache-dir or pass --no-cache") from error
        tell(f"note: {trouble}; compiled code is not kept (--cache-dir chooses a folder, --no-cache silences this)")
        return None
    return folder
