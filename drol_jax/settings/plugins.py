"""Plug-ins found by path or by name, and put into settings: at the edge, where a user names one, and nowhere else."""

import hashlib
import re
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import metadata, util
from pathlib import Path
from types import ModuleType

from drol_jax.config.parts import Plugin
from drol_jax.errors import UserError, reason
from drol_jax.settings import Settings
from drol_jax.system.memory import collect_at_the_end
from drol_jax.system.names import hint
from drol_jax.system.resources import PACKAGE

GROUP = "drol_jax.plugins"
"""Group of entry points by which installed packages offer plug-ins."""
OBJECT = "PLUGIN"
"""What a file calls its `Plugin`."""
_PACKAGES = {"site-packages", "dist-packages"}
"""Folders of installed packages."""
NAME = re.compile(r"[A-Za-z0-9][\w-]*")


@dataclass(frozen=True)
class Loaded:
    """A plug-in and the SHA-256 of the code that it came from: its file, with those beside it that it imports, or all
    files of an installed package."""

    plugin: Plugin
    digest: str


def load_plugin(given: str | Path) -> Loaded:
    """The plug-in that a user names. Its code is run: name files that you trust.

    Args:
      given: path of a Python file that assigns a `Plugin` to PLUGIN, or the name of an installed one.

    Raises:
      UserError: there is none, its code fails, or it is none; names the place.
    """
    collect_at_the_end()
    path = Path(given)
    if path.suffix == ".py" or path.exists():
        module = _module(path)
        found, files = getattr(module, OBJECT, None), [path, *_own_files(module, path)]
        if found is None:
            raise UserError(f"--plugin {given}: the file assigns no drol_jax.Plugin to {OBJECT}; add {OBJECT} = ...")
    else:
        found, files = _installed(str(given))
    if not isinstance(found, Plugin):
        raise UserError(f"--plugin {given}: {OBJECT} is a {type(found).__name__}, wanted a drol_jax.Plugin")
    if not NAME.fullmatch(found.name):
        raise UserError(f"--plugin {given}: its name {found.name!r} holds other signs than letters, digits, _ and -")
    return Loaded(found, _digest(files))


def with_plugin(settings: Settings, loaded: Loaded) -> Settings:
    """The settings of the tracker with a plug-in's parts, under a name that ends in the plug-in's; the same ones where
    it has none."""
    parts = loaded.plugin.parts(loaded.digest)
    if parts is None:
        return settings
    return replace(settings, name=f"{settings.name}_{parts.name}", config=replace(settings.config, parts=parts))


def _module(path: Path) -> ModuleType:
    if not path.is_file():
        raise UserError(f"--plugin {path}: no such file, nor a plug-in of that name{_named(str(path))}")
    spec = util.spec_from_file_location(f"drol_jax_plugin_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = util.module_from_spec(spec)
    # Dataclasses look their module up while they are made.
    sys.modules[module.__name__] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        line = error.lineno if isinstance(error, SyntaxError) else trace.tb_lineno if trace is not None else 0
        what = f"{type(error).__name__}: {reason(error)}".splitlines()[0]
        raise UserError(f"--plugin {path} cannot be run ({what}, line {line}); mend it") from error
    return module


def _own_files(module: ModuleType, path: Path) -> list[Path]:
    """The files of what a plug-in imports at its top, and these in turn, that are neither of installed packages nor of
    Python or of this library."""
    theirs = [PACKAGE, *(Path(sysconfig.get_paths()[name]).resolve() for name in ("stdlib", "platstdlib"))]
    found, waiting = {path.resolve()}, [module]
    while waiting:
        for value in list(vars(waiting.pop()).values()):
            name = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
            other = sys.modules.get(name) if isinstance(name, str) else None
            file = getattr(other, "__file__", None)
            place = None if file is None else Path(file).resolve()
            if other is None or place is None or place in found or place.suffix != ".py":
                continue
            if not _PACKAGES & {*place.parts} and not any(place.is_relative_to(folder) for folder in theirs):
                found.add(place)
                waiting.append(other)
    return sorted(found - {path.resolve()})


def _digest(files: Sequence[Path]) -> str:
    """The SHA-256 of one file, or of several by name and content; empty for none."""
    if len(files) < 2:
        return hashlib.sha256(files[0].read_bytes()).hexdigest() if files else ""
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file.name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _installed(name: str) -> tuple[object, list[Path]]:
    for point in metadata.entry_points(group=GROUP):
        if point.name == name:
            try:
                found = point.load()
            except Exception as error:
                raise UserError(f"--plugin {name}: {point.value} cannot be loaded ({reason(error)})") from error
            top = sys.modules[point.module.partition(".")[0]]
            folders = [Path(folder) for folder in getattr(top, "__path__", ())]
            file = getattr(sys.modules[point.module], "__file__", None)
            files = [one for folder in folders for one in sorted(folder.rglob("*.py"))]
            return found, files or ([] if file is None else [Path(file)])
    raise UserError(f"--plugin {name}: no file, and no installed plug-in of that name{_named(name)}")


def _named(name: str) -> str:
    names = [point.name for point in metadata.entry_points(group=GROUP)]
    return hint(name, names) or f" (none is installed under {GROUP})"
