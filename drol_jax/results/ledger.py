"""The manifest of a results folder, which several processes may write, on one machine or on several."""

import json
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from threading import RLock
from typing import Any, Self

from drol_jax.errors import UserError, reason
from drol_jax.results.environments import unlike
from drol_jax.results.manifest import CLAIMS, EARLIER, differences, other_code, read_manifest
from drol_jax.results.runs import Timing
from drol_jax.results.settings import plain, told_apart
from drol_jax.system.atomic import files_below, write_text
from drol_jax.system.claims import Claim, claim, wait_for

NAME = "manifest.json"


@dataclass(frozen=True)
class Made:
    """Where a run was tracked; by default in this process."""

    environment: Mapping[str, Any] | None = None
    host: str | None = None
    """Name of the machine."""


HERE = Made()


class Ledger:
    """What is finished in a results folder, and what made it.

    Every change reads the file anew under a lock, so that processes add to each other's entries.
    """

    def __init__(self, path: Path, manifest: dict[str, Any], environment: dict[str, Any], set_aside: str | None):
        self.path = path
        self.set_aside = set_aside
        """What became of earlier results of other code, in words; None where there were none."""
        self._manifest, self._environment = manifest, environment
        self._lock = RLock()
        """Of this process's threads: none reads an old file while another one's entry is written."""
        self._present: Claim | None = None

    @classmethod
    def open(
        cls, path: Path, settings: Mapping[str, Any], environment: Mapping[str, Any], *, overwrite: bool, keep: bool
    ) -> Self:
        """Take up what an earlier run with equal settings left in a folder, or begin. As `TrackerFolder.open`."""
        told, here, aside = plain(settings), plain(environment), None
        while True:
            with wait_for(path / CLAIMS / "manifest"):
                if others := _others(path, told, here, overwrite=overwrite):
                    if keep:
                        raise UserError(
                            f"{path} holds results of {others}, not of this one; choose another --output, or drop "
                            "--keep to set them aside and track anew"
                        )
                    with _alone(path):
                        place = _aside(path)
                    aside = f"{path} held results of {others}, not of this one; they are in {place}, and everything "
                    aside += "is tracked anew"
                    continue  # under a lock in the fresh folder: somebody else may have begun there
                ledger = cls(path, _begun(path, told, overwrite=overwrite), here, aside)
                ledger._note(here)
                ledger._save()
                ledger._present = claim(path / CLAIMS / "present", shared=True)
                return ledger

    def close(self) -> None:
        """Others may drop these results from now on."""
        if self._present is not None:
            self._present.release()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """A part in which no other process tracks into the folder.

        Raises:
          UserError: another one does.
        """
        self.close()
        with _alone(self.path):
            yield
        self._present = claim(self.path / CLAIMS / "present", shared=True)

    @property
    def entries(self) -> Mapping[str, Any]:
        """Finished runs by the stem of their file, as last read."""
        return self._manifest["sequences"]

    def read(self) -> None:
        """See what other processes have finished."""
        with self._lock:
            self._manifest = self._current()

    @contextmanager
    def changing(self) -> Iterator[dict[str, Any]]:
        """The entries to change; they are saved where the block ends well."""
        with wait_for(self.path / CLAIMS / "manifest"), self._lock:
            self.read()
            yield self._manifest["sequences"]
            self._save()

    def entry(self, timing: Timing, made: Made = HERE) -> dict[str, Any]:
        """What is kept of a finished run, inside `changing`."""
        here = self._environment if made.environment is None else plain(made.environment)
        return {
            "frames": timing.frames,
            "track_seconds": round(timing.seconds, 4),
            "compile_seconds": round(timing.compile_seconds, 4),
            "environment": self._note(here),
            "host": made.host or platform.node(),
        }

    def unlike(self) -> str:
        """What may change results and is other here than where finished ones were made, in words; empty: nothing."""
        return unlike(self._used(), self._environment)

    def mixed(self) -> str:
        """What may change results and differs among the finished ones, in words; empty: nothing."""
        first, *others = self._used() or [{}]
        return next(filter(None, (told_apart(first, other, ("in some", "in others")) for other in others)), "")

    def _used(self) -> list[Any]:
        numbers = sorted({entry["environment"] for entry in self.entries.values()})
        return [self._manifest["environments"][number] for number in numbers]

    def _note(self, environment: dict[str, Any]) -> int:
        """The number of an environment, which is written down where it is new."""
        environments = self._manifest["environments"]
        if environment not in environments:
            environments.append(environment)
        return environments.index(environment)

    def _current(self) -> dict[str, Any]:
        found = read_manifest(self.path / NAME, forgive=False)
        settings = self._manifest["settings"]
        if found is None:  # somebody has deleted it
            return {"settings": settings, "environments": [], "sequences": {}}
        if found["settings"] != settings:
            raise UserError(
                f"{self.path} was given over to other settings meanwhile ({differences(found['settings'], settings)}); "
                "run again with another --output"
            )
        return found

    def _save(self) -> None:
        write_text(self.path / NAME, json.dumps(self._manifest, indent=2) + "\n")


def _others(path: Path, settings: Mapping[str, Any], environment: Mapping[str, Any], *, overwrite: bool) -> str | None:
    """Which other code has results of these settings in a folder, in words."""
    earlier = read_manifest(path / NAME, forgive=overwrite)
    if earlier is None or differences(earlier["settings"], settings):
        return None
    return other_code(earlier, environment.get("code"))


def _begun(path: Path, settings: dict[str, Any], *, overwrite: bool) -> dict[str, Any]:
    """The manifest that is there; a new one where there is none, or where results of other settings are dropped."""
    earlier = read_manifest(path / NAME, forgive=overwrite)
    if earlier is None:
        trouble = "results without a manifest" if any(files_below(path, "*.txt")) else None
    else:
        different = differences(earlier["settings"], settings)
        trouble = f"results of other settings ({different})" if different else None
    if trouble and not overwrite:
        raise UserError(f"{path} holds {trouble}; choose another --output or pass --overwrite to replace them")
    try:
        (path / "details").mkdir(parents=True, exist_ok=True)
        if trouble:
            with _alone(path):
                for pattern in ("*.txt", "*.value", "*.csv", NAME):
                    for stale in list(files_below(path, pattern)):
                        stale.unlink()
    except OSError as error:
        raise UserError(
            f"cannot write to {path}: {reason(error)}; mend the permissions or choose another --output"
        ) from error
    if earlier is None or trouble:
        return {"settings": settings, "environments": [], "sequences": {}}
    return earlier


def _alone(path: Path) -> Claim:
    """A claim on a whole folder.

    Raises:
      UserError: another process tracks into it.
    """
    mine = claim(path / CLAIMS / "present")
    if mine is None:
        raise UserError(
            f"another process tracks into {path}, so that its results cannot be replaced; let it end, or choose "
            "another --output"
        )
    return mine


def _aside(path: Path) -> Path:
    """Move a results folder out of the way, beside it into `EARLIER`; returns where it went."""
    place = path.parent / EARLIER
    try:
        place.mkdir(exist_ok=True)
        free = next(name for number in count(1) if not (name := place / f"{path.name}-{number}").exists())
        return path.rename(free)
    except OSError as error:
        raise UserError(f"cannot move {path} into {place}: {reason(error)}; choose another --output") from error
