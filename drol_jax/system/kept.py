"""Compiled programs on disk, in the folder where jax keeps its own: what is found there is not traced again.

Jax's own cache spares a later process XLA's work, and not the tracing that tells jax what program is meant: of the
seconds from a start to the first box that is the larger half. A program is found here by what its trace depends on:
the library's code, the function, its static arguments, the shapes of its arrays, and jax with its settings.

For a CPU alone: elsewhere programs that come back from disk have not been tried.
"""

import hashlib
import os
import pickle
import platform
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache, partial
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import jax

from drol_jax.errors import UserError
from drol_jax.system import atomic
from drol_jax.system.code import code_hash

FOLDER = "programs"
"""Below jax's cache folder."""
UNUSED = 30 * 24 * 3600
"""Seconds after which a program that nobody has used is deleted."""


class Arguments(NamedTuple):
    """What a program is compiled for. Hashable, and quick to make: every call does."""

    tree: Any
    leaves: tuple[tuple[tuple[int, ...], Any, bool], ...]
    """Shape, dtype, whether the type is weak."""

    @classmethod
    def of(cls, arguments: Any) -> "Arguments":
        """Those of a call, or of arrays that are described alone."""
        leaves, tree = jax.tree.flatten(arguments)
        types = map(jax.typeof, leaves)
        return cls(tree, tuple((type.shape, type.dtype, type.weak_type) for type in types))


def name_of(function: Callable[..., Any]) -> str | None:
    """A name by which another process finds the same function; None where there is none (closures, transforms)."""
    if isinstance(function, partial):
        inner = name_of(function.func)
        told = repr((function.args, sorted(function.keywords.items())))
        return None if inner is None or " at 0x" in told else f"{inner}{told}"
    plain = getattr(function, "__closure__", "") is None and not hasattr(function, "__wrapped__")
    name = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', '<')}"
    return None if "<" in name or not plain or not name.startswith("drol_jax.") else name


def folder() -> Path | None:
    """Where programs are kept; None where they are not."""
    told: Any = jax.config  # its values are not typed
    where = told.jax_compilation_cache_dir
    kept = where and told.jax_enable_compilation_cache and "://" not in where
    return Path(where) / FOLDER if kept and jax.default_backend() == "cpu" and jax.device_count() == 1 else None


def path_of(name: str, how: Mapping[str, Any], arguments: Arguments) -> Path | None:
    """The file of a program; None where it cannot be kept.

    Args:
      how: static arguments, donated ones, and options of the compiler.
    """
    where = folder()
    told = repr((name, sorted(how.items()), str(arguments.tree), arguments.leaves))
    if where is None or " at 0x" in told:  # an address: of a function in a plug-in, which means nothing elsewhere
        return None
    digest = hashlib.sha256(f"{told}\n{_surroundings()}\n{_settings()}".encode()).hexdigest()
    return where / f"{name.rpartition('.')[2].partition('(')[0]}-{digest[:40]}"


def load(path: Path, arguments: Any) -> Callable[..., Any] | None:
    """The program that is kept there, for arguments like these; None where there is none that can be used."""
    from jax.experimental import serialize_executable

    try:
        if path.stat().st_uid not in (0, os.getuid()):  # what another user has put there is not run
            return None
        content, out_tree = pickle.loads(path.read_bytes())
        program = serialize_executable.deserialize_and_load(content, jax.tree.structure(arguments), out_tree)
        os.utime(path)
    except FileNotFoundError:
        return None
    except Exception:  # cut short, or of a compiler that takes it back no longer: it is made anew
        with suppress(OSError):
            path.unlink()
        return None
    return program


def keep(path: Path, program: Any) -> None:
    """Keep a program that has just been compiled, and delete those long unused; where that fails it is not kept."""
    from jax.experimental import serialize_executable

    try:
        content, _, out_tree = serialize_executable.serialize(program)
        told = pickle.dumps((content, out_tree))
    except Exception:  # jax has it from its own cache, or cannot write this kind
        return
    with suppress(OSError, UserError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        atomic.write_bytes(path, told)
        for other in path.parent.iterdir():
            if time.time() - other.stat().st_mtime > UNUSED:
                other.unlink()


@cache
def _surroundings() -> str:
    """What compiles and runs a program, in this process."""
    machine = [platform.processor()]
    with suppress(OSError):
        told = Path("/proc/cpuinfo").read_text().splitlines()  # Linux
        machine = sorted({line for line in told if line.startswith(("flags", "Features", "model name"))})
    return repr((code_hash(), jax.__version__, metadata.version("jaxlib"), platform.platform(), machine))


def _settings() -> str:
    """Jax's settings, which a trace and the compiler obey."""
    config: Any = jax.config  # its values are not typed
    told = {name: value for name, value in config.values.items() if "cache" not in name}
    told["jax_default_matmul_precision"] = config.jax_default_matmul_precision  # a context may set it
    return repr((sorted(told.items(), key=lambda item: item[0]), os.environ.get("XLA_FLAGS", "")))
