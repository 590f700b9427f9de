"""One tracker's results on one benchmark, and the manifest that says what made them."""

import dataclasses
import json
import os
import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from drol_jax.errors import UserError
from drol_jax.results.files import read_boxes, reason, write_boxes, write_details, write_text

if TYPE_CHECKING:  # run imports jax, which reading a result file does not need
    from drol_jax.run import Trajectory


@dataclasses.dataclass(frozen=True)
class Timing:
    """What one finished sequence cost."""

    frames: int
    seconds: float
    """Tracking, without compilation."""
    compile_seconds: float


class TrackerFolder:
    """The results of one tracker, under one seed, on one benchmark.

    A sequence counts as finished when the manifest lists it and its box file has a line for every frame.
    """

    def __init__(self, path: Path, manifest: dict[str, Any]):
        self.path = path
        self._manifest = manifest

    @classmethod
    def open(
        cls, path: Path, settings: Mapping[str, Any], environment: Mapping[str, Any], *, overwrite: bool = False
    ) -> Self:
        """Open a folder for writing, taking up what an earlier run with equal settings left there.

        Args:
          path: ``<output>/<dataset>/<tracker>``; made where it does not exist.
          settings: all that decides the results (config, hyper, seed, weights' hash, dataset); JSON values.
          environment: versions and device, recorded with each sequence; they may change between runs.
          overwrite: forget the earlier results where their settings differ, or are not known.

        Raises:
          UserError: the folder holds results of other settings, or cannot be written.
        """
        settings, environment = plain(settings), plain(environment)
        earlier = _read_manifest(path / "manifest.json", forgive=overwrite)
        if earlier is None:
            trouble = "results without a manifest" if any(path.glob("*.txt")) else None
        else:
            different = _differences(earlier["settings"], settings)
            trouble = f"results of other settings ({different})" if different else None
        if trouble and not overwrite:
            raise UserError(f"{path} holds {trouble}; choose another --output or pass --overwrite to replace them")
        try:
            (path / "details").mkdir(parents=True, exist_ok=True)
            if trouble:
                for stale in (*path.glob("*.txt"), *path.glob("details/*.csv"), *path.glob("manifest.json")):
                    stale.unlink()
        except OSError as error:
            raise UserError(
                f"cannot write to {path}: {reason(error)}; mend the permissions or choose another --output"
            ) from error
        if earlier is None or trouble:
            earlier = {"settings": settings, "environments": [], "sequences": {}}
        if environment not in earlier["environments"]:
            earlier["environments"].append(environment)
        folder = cls(path, {**earlier, "environment": earlier["environments"].index(environment)})
        folder._write_manifest()
        return folder

    def finished(self, sequence: str, frames: int) -> Timing | None:
        """What an earlier run of the sequence cost, or None where it has to be tracked."""
        entry, path = self._manifest["sequences"].get(sequence), self.path / f"{sequence}.txt"
        if entry is None or not path.exists() or len(read_boxes(path)) != frames:
            return None
        return Timing(frames, entry["track_seconds"], entry["compile_seconds"])

    def boxes(self, sequence: str, origin: int = 0) -> np.ndarray:
        """The boxes of a finished sequence, float64 [T, 4], 0-based, as rounded in the file."""
        return read_boxes(self.path / f"{sequence}.txt", origin)

    def save(self, sequence: str, trajectory: "Trajectory", origin: int = 0) -> Timing:
        """Write a finished sequence.

        Raises:
          UserError: a file cannot be written.
        """
        timing = Timing(len(trajectory.boxes), trajectory.seconds, trajectory.compile_seconds)
        write_details(self.path / "details" / f"{sequence}.csv", trajectory)
        # Between manifest and box file, an older box file must not pass for this run's.
        (self.path / f"{sequence}.txt").unlink(missing_ok=True)
        self._manifest["sequences"][sequence] = {
            "frames": timing.frames,
            "track_seconds": round(timing.seconds, 4),
            "compile_seconds": round(timing.compile_seconds, 4),
            "environment": self._manifest["environment"],
        }
        self._write_manifest()
        write_boxes(self.path / f"{sequence}.txt", trajectory.boxes, origin)
        return timing

    def forget(self, sequence: str) -> None:
        """Make a finished sequence count as unfinished."""
        if self._manifest["sequences"].pop(sequence, None) is not None:
            self._write_manifest()

    def _write_manifest(self) -> None:
        content = {key: value for key, value in self._manifest.items() if key != "environment"}
        write_text(self.path / "manifest.json", json.dumps(content, indent=2) + "\n")


def version() -> str:
    """The installed version of drol_jax."""
    try:
        return metadata.version("drol_jax")
    except metadata.PackageNotFoundError:
        return "not installed"


def environment() -> dict[str, Any]:
    """Versions and device of this process, for the manifest. Starts jax."""
    import cv2
    import jax

    devices = jax.devices()
    return {
        "drol_jax": version(),
        "jax": jax.__version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device_kind": devices[0].device_kind,
        "device_count": len(devices),
    }


def plain(value: Any) -> Any:
    """A value as JSON gives it back: dataclasses and mappings as dict, tuples and arrays as lists, paths as text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value) if isinstance(value, os.PathLike) else np.asarray(value).tolist()


def _read_manifest(path: Path, *, forgive: bool) -> dict[str, Any] | None:
    """The manifest, or None where there is none; a broken one counts as none where `forgive` is set."""
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if {"settings", "environments", "sequences"} <= set(manifest):
            return manifest
        trouble = "it lacks settings, environments or sequences"
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        trouble = reason(error)
    if forgive:
        return None
    raise UserError(f"cannot read {path}: {trouble}; choose another --output or pass --overwrite to replace results")


def _differences(there: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What differs, in words, the first three; empty where nothing does."""
    old, new = _flat(there), _flat(now)
    keys = [key for key in {**old, **new} if old.get(key, "unset") != new.get(key, "unset")]
    words = [f"{key} is {_short(old.get(key, 'unset'))} there, {_short(new.get(key, 'unset'))} now" for key in keys[:3]]
    return "; ".join([*words, *([f"and {len(keys) - 3} more"] if len(keys) > 3 else [])])


def _flat(tree: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(tree, Mapping):
        return {prefix: tree}
    return {
        key: leaf
        for name, item in tree.items()
        for key, leaf in _flat(item, f"{prefix}.{name}" if prefix else name).items()
    }


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:37] + "..."
