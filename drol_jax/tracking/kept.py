"""What a run keeps beside its files, so that the same command goes on from there."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from drol_jax.errors import UserError
from drol_jax.system import atomic, reading

HEAD = 2**20
"""Bytes at a file's start that tell it from another."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The hidden folder of a run under way, beside its files; it goes where the run ends well."""

    folder: Path

    @property
    def snapshot(self) -> Path:
        """The follower after the last kept frame (`drol_jax.follow.snapshot`)."""
        return self.folder / "follower.npz"

    def begin(self, settings: Mapping[str, Any]) -> None:
        """Say what run this is.

        Raises:
          UserError: it cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"cannot make folder {self.folder}: {error.strerror}; {atomic.CURE}") from error
        atomic.write_text(self.folder / "run.json", json.dumps(settings, indent=1, sort_keys=True))

    def settings(self) -> dict[str, Any] | None:
        """What run was under way here; None where none was, or its note is broken."""
        try:
            found = reading.document(self.folder / "run.json")
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) and isinstance(found.get("starts"), list) else None

    def forget(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def kept_beside(folder: Path, stem: str) -> Kept:
    """Where the run that writes `stem` into a folder keeps what it needs."""
    return Kept(folder=folder / f".{stem}.kept")


def identity(source: str) -> dict[str, Any] | None:
    """What tells a file, or a folder or pattern of images, from another one of that name; None of anything else."""
    path = Path(source)
    if os.path.isfile(path):  # Path.is_file fails on addresses that are long
        with path.open("rb") as file:
            return {"bytes": path.stat().st_size, "head": sha256(file.read(HEAD)).hexdigest()}
    if os.path.isdir(path):
        names = sorted(entry.name for entry in path.iterdir())
        return {"files": len(names), "names": sha256("\n".join(names).encode()).hexdigest()}
    return None
