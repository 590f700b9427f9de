"""What lies where a folder of results is looked for, in words."""

from pathlib import Path

from drol_jax.errors import UserError

_PACKED = (".zip", ".gz", ".tgz", ".xz", ".bz2", ".tar", ".7z", ".rar")
"""Ends of archives."""


def check_folder(folder: Path) -> None:
    """Raise a UserError where a path is no folder; says what it is instead."""
    if folder.is_file():
        cure = "unpack it, and name the folder" if folder.suffix.lower() in _PACKED else "name the folder around it"
        raise UserError(f"{folder} is a file, and a folder of results is wanted; {cure} with --results")
    if not folder.is_dir():
        raise UserError(f"results folder {folder} does not exist; check --results")


def held(folder: Path) -> str:
    """What a folder holds instead of results, in words to follow what was looked for."""
    inside, around = sorted(folder.iterdir()), ""
    while len(inside) == 1 and inside[0].is_dir():
        around += f"{inside[0].name}/"
        inside = sorted(inside[0].iterdir())
    names = [around + path.name + "/" * path.is_dir() for path in inside]
    packed = next((path for path in inside if path.suffix.lower() in _PACKED), None)
    hint = f"; unpack {packed.name}" if packed is not None else ""
    return f" (it holds {', '.join(names[:4]) or around or 'nothing'}{', ...' if len(names) > 4 else ''}){hint}"
