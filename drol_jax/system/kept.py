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
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial, wraps
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import jax
from jax.core import Tracer

from drol_jax.errors import UserError
from drol_jax.system import atomic
from drol_jax.system.code import code_hash
from drol_jax.system.memory import uncollected

T = TypeVar("T")
A = TypeVar("A")

FOLDER = "programs"
"""Below jax's cache folder."""
SWITCH = "DROL_JAX_KEEP_PROGRAMS"
"""Environment variable; 0 does without."""


class Arguments(NamedTuple):
    """What a program is compiled for. Hashable, and quick to make: every call does."""

    tree: Any
    leaves: tuple[tuple[tuple[int, ...], Any, bool], ...]
    """Shape, dtype, whether the type is weak."""

    @classmethod
    def of(cls, arguments: Any) -> "Arguments | None":
        """Those of a call, or of arrays that are described alone; None where some are being traced, as by `jax.vmap`,
        which no compiled program takes."""
        leaves, tree = jax.tree.flatten(arguments)
        if any(isinstance(leaf, Tracer) for leaf in leaves):
            return None
        # An array has its type at hand: a model's 150 in 40 microseconds a call, by `jax.typeof` in 120.
        types = [leaf.aval if isinstance(leaf, jax.Array) else jax.typeof(leaf) for leaf in leaves]
        return cls(tree, tuple([(type.shape, type.dtype, type.weak_type) for type in types]))


def name_of(function: Callable[..., Any]) -> str | None:
    """A name by which another process finds the same function; None where there is none (closures, transforms)."""
    if isinstance(function, partial):
        inner = name_of(function.func)
        told = repr((function.args, sorted(function.keywords.items())))
        return None if inner is None or " at 0x" in told else f"{inner}{told}"
    plain = getattr(function, "__closure__", "") is None and not hasattr(function, "__wrapped__")
    name = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', '<')}"
    return None if "<" in name or not plain or not name.startswith("drol_jax.") else name


def named_by_code(function: Callable[..., T]) -> Callable[..., T]:
    """The function under a name that ends with the hash of the library's code.

    Programs of other code, which are not found here, are then not found in jax's own cache either, which goes by names
    too. What it finds there cannot be kept, and would be traced at every start from then on.
    """

    @wraps(function)
    def named(*args: Any, **rest: Any) -> T:
        return function(*args, **rest)

    plain = function
    while isinstance(plain, partial):
        plain = plain.func
    named.__name__ = f"{plain.__name__}_{code_hash()[:8]}"
    return named


def cache_folder() -> str | None:
    """Jax's cache folder, if programs are kept below it; None where they are not. Quick: every call asks."""
    if os.environ.get(SWITCH) == "0":
        return None
    told: Any = jax.config  # its values are not typed
    where = told.jax_compilation_cache_dir
    kept = where and told.jax_enable_compilation_cache and "://" not in where
    return where if kept and jax.default_backend() == "cpu" and jax.device_count() == 1 else None


def folder() -> Path | None:
    """Where programs are kept; None where they are not."""
    where = cache_folder()
    return None if where is None else Path(where) / FOLDER


def path_of(name: str, how: Mapping[str, Any], arguments: Sequence[Arguments]) -> Path | None:
    """The file of a program; None where it cannot be kept.

    Args:
      how: static arguments, donated ones, and options of the compiler.
      arguments: of the call, in parts.
    """
    return _path_of(name, repr((name, sorted(how.items()), [(str(part.tree), part.leaves) for part in arguments])))


def load(path: Path, arguments: Any) -> Callable[..., Any] | None:
    """The program that is kept there, for arguments like these; None where there is none that can be used."""
    from jax.experimental import serialize_executable

    def made(content: Any) -> Callable[..., Any]:
        executable, out_tree = content
        return serialize_executable.deserialize_and_load(executable, jax.tree.structure(arguments), out_tree)

    return _read(path, made)


def compile_and_keep(path: Path, lowered: Any, options: Mapping[str, str | bool]) -> Callable[..., Any]:
    """Compile a program and keep it.

    Kept is what XLA has compiled just now. A program that jax finds in its own cache, or in this process's memory
    (where it may have come from that cache), cannot be written again. Jax 0.10.2 writes it without a word, and what
    comes back lacks its functions. Where it cannot be written nothing is kept.
    """
    from jax.experimental import serialize_executable

    seen: list[str] = []
    thread = threading.get_ident()

    def listen(event: str, **_: Any) -> None:
        if threading.get_ident() == thread:
            seen.append(event.rpartition("/")[2])

    jax.monitoring.register_event_listener(listen)
    try:
        program = lowered.compile(compiler_options=options)
    finally:
        jax.monitoring.unregister_event_listener(listen)
    if "compile_requests_use_cache" in seen and "cache_hits" not in seen:
        with suppress(NotImplementedError, ValueError):  # not of this kind
            content, _, out_tree = serialize_executable.serialize(program)
            _write(path, (content, out_tree))
    return program


def once(function: Callable[[A], T]) -> Callable[[A], T]:
    """Have a function of a configuration, which traces to learn something, do so once for all processes.

    Its result is of few and plain numbers; a process asks for it once.
    """
    name = name_of(function)

    @wraps(function)
    def found(told: A) -> T:
        path = None if name is None else _path_of(name, repr(told))
        result = None if path is None else _read(path, lambda content: content)
        if result is None:
            with uncollected():
                result = function(told)
            if path is not None:
                _write(path, result)
        return result

    return cache(found)


def _path_of(name: str, told: str) -> Path | None:
    where = folder()
    if where is None or " at 0x" in told:  # an address: of a function in a plug-in, which means nothing elsewhere
        return None
    digest = hashlib.sha256(f"{name}\n{told}\n{_surroundings()}\n{_settings()}".encode()).hexdigest()
    return where / f"{name.rpartition('.')[2].partition('(')[0]}-{digest[:40]}"


def _read(path: Path, made: Callable[[Any], T]) -> T | None:
    try:
        owner = path.stat().st_uid
        if owner not in (0, getattr(os, "getuid", lambda: owner)()):  # what another user has put there is not run
            return None
        result = made(pickle.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except Exception:  # cut short, or of a compiler that takes it back no longer: it is made anew
        with suppress(OSError):
            path.unlink()
        return None
    return result


def _write(path: Path, content: Any) -> None:
    with suppress(OSError, UserError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        atomic.write_bytes(path, pickle.dumps(content))


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
