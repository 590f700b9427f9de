"""What a run leaves on disk: whether it can be written, and writing it."""

import json
import os
from pathlib import Path
from typing import Any

from drol_jax.errors import UserError


def check(record: Path | None, plot: Path | None, cache: Path | None = None) -> None:
    """Before the long work: whether the files can be written. Makes the cache folder.

    Args:
      record: of every number, --json.
      plot: --plot.
      cache: folder, --cache-dir.

    Raises:
      UserError: one cannot.
    """
    if plot is not None and plot.suffix.lower() not in (".png", ".svg"):
        raise UserError(f"--plot {plot}: give a file ending in .png or .svg")
    for option, path in (("--json", record), ("--plot", plot)):
        if path is None:
            continue
        try:
            if not path.parent.is_dir():
                raise UserError(f"{option} {path}: there is no folder {path.parent}; make it")
            if path.is_dir():
                raise UserError(f"{option} {path} is a folder; name a file")
            _try(path)
        except OSError as error:
            raise UserError(f"{option} {_cannot(path, error)}") from error
    try:
        if cache is not None:
            cache.expanduser().mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"--cache-dir {cache}: the folder cannot be made ({error.strerror}); name another, or leave it away"
        ) from error


def _try(path: Path) -> None:
    """Open a file as it will be, and leave no trace."""
    there = os.path.lexists(path)
    if there and not path.is_file():
        return  # a pipe: whoever reads it would take this for its end
    with path.open("ab"):
        pass
    if not there:
        path.unlink()


def write(found: dict[str, Any], record: Path | None, plot: Path | None) -> list[str]:
    """Write what was measured to both files, as `check` has them; one that fails leaves the other alone.

    Returns:
      Which could not be written, and why: a sentence each.
    """
    troubles = []
    for path, put in ((record, _record), (plot, _plot)):
        try:
            if path is not None:
                put(found, path)
        except OSError as error:
            troubles.append(_cannot(path, error))
    return troubles


def _record(found: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(found, indent=1, default=str) + "\n", encoding="utf-8")


def _plot(found: dict[str, Any], path: Path) -> None:
    from drol_jax.bench import plot

    plot.draw(found, path)


def _cannot(path: Path | None, error: OSError) -> str:
    return f"{path} cannot be written ({error.strerror}); name a file that you may write"
