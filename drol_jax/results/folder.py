"""One tracker's results on one benchmark, and the manifest that says what made them."""

import dataclasses
import glob
import json
import threading
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Self

import numpy as np

from drol_jax.errors import UserError, reason
from drol_jax.results.details import write_details
from drol_jax.results.files import read_boxes
from drol_jax.results.formats import FORMATS, read_run, write_run
from drol_jax.results.manifest import EARLIER, differences, other_code, read_manifest
from drol_jax.results.numbers import text_of
from drol_jax.results.runs import Run, Timing, Tracked, Trajectory
from drol_jax.results.settings import plain, told_apart
from drol_jax.system.atomic import write_text


class TrackerFolder:
    """The results of one tracker, under one seed, on one benchmark.

    A run over a sequence counts as finished when the manifest lists it and its box file has a line for every frame.
    A process may be killed at any moment: the next one finds each run finished or not, and what it writes for the
    others is, but for times, what would have been written.
    """

    def __init__(self, path: Path, manifest: dict[str, Any], form: str = "pysot", experiment: str = "baseline"):
        self.path = path
        self.form, self.experiment = form, experiment
        self.set_aside: str | None = None
        """What became of earlier results of other code, in words; None where there were none."""
        self._manifest = manifest
        self._lock = threading.Lock()

    @classmethod
    def open(
        cls,
        path: Path,
        settings: Mapping[str, Any],
        environment: Mapping[str, Any],
        *,
        overwrite: bool = False,
        keep: bool = False,
        form: str = "pysot",
        experiment: str = "baseline",
    ) -> Self:
        """Open a folder for writing, taking up what an earlier run with equal settings left there.

        Args:
          path: ``<output>/<dataset>/<tracker>``; made where it does not exist.
          settings: all that decides the results (config, hyper, seed, weights' hash, dataset); JSON values.
          environment: versions, code and device, recorded with each sequence. They may change between runs, but for
            the code: results of other code are set aside, and everything is tracked anew (`set_aside` says so).
          overwrite: forget the earlier results where their settings differ, or are not known.
          keep: refuse a folder with results of other code, which then stays as it is.
          form: of the result files, one of `formats.FORMATS`.
          experiment: VOT's; other formats ignore it.

        Raises:
          UserError: the folder holds results of other settings, or of other code and `keep` is set, or cannot be
            written.
        """
        settings, environment = plain(settings), plain(environment)
        earlier = read_manifest(path / "manifest.json", forgive=overwrite)
        if earlier is None:
            trouble = "results without a manifest" if any(path.rglob("*.txt")) else None
        else:
            different = differences(earlier["settings"], settings)
            trouble = f"results of other settings ({different})" if different else None
        if trouble and not overwrite:
            raise UserError(f"{path} holds {trouble}; choose another --output or pass --overwrite to replace them")
        set_aside = None
        if earlier is not None and not trouble and (others := other_code(earlier, environment.get("code"))):
            if keep:
                raise UserError(
                    f"{path} holds results of {others}, not of this one; choose another --output, or drop --keep to "
                    "set them aside and track anew"
                )
            set_aside = f"{path} held results of {others}, not of this one; they are in {_aside(path)}, and everything "
            set_aside += "is tracked anew"
            earlier = None
        try:
            (path / "details").mkdir(parents=True, exist_ok=True)
            if trouble:
                for pattern in ("*.txt", "*.value", "*.csv", "manifest.json"):
                    for stale in list(path.rglob(pattern)):
                        stale.unlink()
        except OSError as error:
            raise UserError(
                f"cannot write to {path}: {reason(error)}; mend the permissions or choose another --output"
            ) from error
        if earlier is None or trouble:
            earlier = {"settings": settings, "environments": [], "sequences": {}}
        if environment not in earlier["environments"]:
            earlier["environments"].append(environment)
        manifest = {**earlier, "environment": earlier["environments"].index(environment)}
        folder = cls(path, manifest, form, experiment)
        folder.set_aside = set_aside
        folder._write_manifest()
        return folder

    def unlike(self) -> str:
        """What may change results and is other here than where finished ones were made, in words; empty: nothing."""
        manifest = self._manifest
        used = sorted({entry["environment"] for entry in manifest["sequences"].values()})
        here = manifest["environments"][manifest["environment"]]
        return next(filter(None, (told_apart(manifest["environments"][number], here) for number in used)), "")

    def finished(self, sequence: str, frames: int, number: int = 1) -> Timing | None:
        """What an earlier run over the sequence cost, or None where it has to be tracked.

        Args:
          number: of the repetition, from 1, or of the anchor's frame.
        """
        path, confidence = self.path_of(sequence, number), self._confidence_of(sequence, number)
        entry = self._manifest["sequences"].get(path.stem)
        if entry is None or not path.exists() or not (confidence is None or confidence.exists()):
            return None
        try:
            if len(self.run(sequence, number).regions) != frames:
                return None
        except UserError:  # damaged since it was written whole
            return None
        return Timing(entry["frames"], entry["track_seconds"], entry["compile_seconds"])

    def of_other_data(self, sequence: str, data: str, number: int = 1) -> bool:
        """Whether an earlier run over a sequence of this name went through other data.

        Args:
          data: digest of this data.
        """
        entry = self._manifest["sequences"].get(self.path_of(sequence, number).stem)
        return entry is not None and entry.get("data") not in (None, data)

    def path_of(self, sequence: str, number: int = 1) -> Path:
        """The box file of a run."""
        return self.path / FORMATS[self.form].path.format(seq=sequence, run=number, experiment=self.experiment)

    def run(self, sequence: str, number: int = 1) -> Run:
        """A finished run, as rounded in the file, in the benchmark's own origin."""
        path = self.path_of(sequence, number)
        run = read_run(path, regions=FORMATS[self.form].regions)
        if run.times is not None:
            return run
        entry = self._manifest["sequences"][path.stem]
        mean = entry["track_seconds"] / max(entry["frames"], 1)
        return dataclasses.replace(run, times=np.full(len(run.regions), mean))

    def boxes(self, sequence: str, origin: int = 0) -> np.ndarray:
        """The boxes of a finished sequence, float64 [T, 4], 0-based, as rounded in the file."""
        return read_boxes(self.path_of(sequence), origin)

    def save(self, sequence: str, trajectory: Trajectory, origin: int = 0) -> Timing:
        """Write a finished sequence. As `write`."""
        return self.write(sequence, Tracked.of(trajectory, origin))

    def write(self, sequence: str, tracked: Tracked, number: int = 1, *, data: str | None = None) -> Timing:
        """Write a finished run. Several threads may, of different sequences.

        Args:
          data: digest of what was tracked, for `of_other_data`.

        Raises:
          UserError: a file cannot be written.
        """
        with self._lock:
            return self._write(sequence, tracked, number, data)

    def _write(self, sequence: str, tracked: Tracked, number: int, data: str | None) -> Timing:
        path, timing = self.path_of(sequence, number), tracked.timing
        write_details(self._details(path), tracked)
        # Between manifest and box file, an older box file must not pass for this run's.
        path.unlink(missing_ok=True)
        self._manifest["sequences"][path.stem] = {
            "frames": timing.frames,
            "track_seconds": round(timing.seconds, 4),
            "compile_seconds": round(timing.compile_seconds, 4),
            "environment": self._manifest["environment"],
            **({} if data is None else {"data": data}),
        }
        self._write_manifest()
        write_run(self.path, sequence, tracked.run, self.form, number=number, experiment=self.experiment)
        return timing

    def repeat(self, sequence: str, number: int, copy: int) -> Timing:
        """Give a deterministic tracker's finished run another number. Threads as in `write`.

        Raises:
          UserError: a file cannot be read or written.
        """
        with self._lock:
            return self._repeat(sequence, number, copy)

    def _repeat(self, sequence: str, number: int, copy: int) -> Timing:
        source, target = self.path_of(sequence, number), self.path_of(sequence, copy)
        entry = self._manifest["sequences"][source.stem]
        write_text(self._details(target), text_of(self._details(source)) + "\n")
        target.unlink(missing_ok=True)
        self._manifest["sequences"][target.stem] = entry
        self._write_manifest()
        write_run(self.path, sequence, self.run(sequence, number), self.form, number=copy, experiment=self.experiment)
        return Timing(entry["frames"], entry["track_seconds"], entry["compile_seconds"])

    def same(self, sequence: str, numbers: Sequence[int]) -> bool:
        """Whether the box files of some runs are equal to the byte."""
        return len({self.path_of(sequence, number).read_bytes() for number in numbers}) == 1

    def forget(self, sequence: str) -> None:
        """Make a sequence's finished runs, all of them, count as unfinished, and drop their box files."""
        paths = [path for number in self.numbers(sequence) if (path := self.path_of(sequence, number)).exists()]
        for path in paths:
            path.unlink()
            self._manifest["sequences"].pop(path.stem, None)
        if paths:
            self._write_manifest()

    def numbers(self, sequence: str) -> list[int]:
        """Which repetitions or anchors of a sequence have a box file, finished or not."""
        chosen = FORMATS[self.form].path
        if "{run" not in chosen:
            return [1] if self.path_of(sequence).exists() else []
        folder = self.path_of(sequence).parent
        stems = [path.stem for path in folder.glob(f"{glob.escape(sequence)}_*.txt")]
        found = [stem[len(sequence) + 1 :] for stem in stems]
        return sorted(int(word) for word in found if word.isdecimal())

    def _details(self, path: Path) -> Path:
        return self.path / "details" / f"{path.stem}.csv"

    def _confidence_of(self, sequence: str, number: int) -> Path | None:
        form = FORMATS[self.form]
        if form.confidence is None:
            return None
        return self.path / form.confidence.format(seq=sequence, run=number, experiment=self.experiment)

    def _write_manifest(self) -> None:
        content = {key: value for key, value in self._manifest.items() if key != "environment"}
        write_text(self.path / "manifest.json", json.dumps(content, indent=2) + "\n")


def _aside(path: Path) -> Path:
    """Move a results folder out of the way, beside it into `EARLIER`; returns where it went."""
    place = path.parent / EARLIER
    try:
        place.mkdir(exist_ok=True)
        free = next(name for number in count(1) if not (name := place / f"{path.name}-{number}").exists())
        return path.rename(free)
    except OSError as error:
        raise UserError(f"cannot move {path} into {place}: {reason(error)}; choose another --output") from error
