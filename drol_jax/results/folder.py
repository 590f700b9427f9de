"""One tracker's results on one benchmark, and the manifest that says what made them."""

import dataclasses
import glob
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Self

import numpy as np

from drol_jax.errors import UserError
from drol_jax.results.details import read_signs, write_details
from drol_jax.results.files import read_boxes
from drol_jax.results.formats import FORMATS, read_run, write_run
from drol_jax.results.ledger import HERE, Ledger, Made
from drol_jax.results.manifest import CLAIMS
from drol_jax.results.numbers import text_of
from drol_jax.results.runs import Run, Timing, Tracked, Trajectory
from drol_jax.system.atomic import CURE, delete, write_text
from drol_jax.system.claims import Claim, claim, wait_for
from drol_jax.system.workers import Check


class TrackerFolder:
    """The results of one tracker, under one seed, on one benchmark.

    A run over a sequence counts as finished when the manifest lists it, and its box file and its details have a line
    for every frame. A process may be killed at any moment: the next one finds each run finished or not, and what it
    writes for the others is, but for times, what would have been written. Several processes may write at once; whoever
    has a run's `claim` is the only one to write that run.
    """

    def __init__(self, ledger: Ledger, form: str = "pysot", experiment: str = "baseline"):
        self.ledger, self.path = ledger, ledger.path
        self.form, self.experiment = form, experiment
        self._at_first = frozenset(ledger.entries)
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
        ledger = Ledger.open(path, settings, environment, overwrite=overwrite, keep=keep)
        return cls(ledger, form, experiment)

    @property
    def set_aside(self) -> str | None:
        """What became of earlier results of other code, in words; None where there were none."""
        return self.ledger.set_aside

    def close(self) -> None:
        """Others may drop these results from now on."""
        self.ledger.close()

    def claim(self, sequence: str, number: int = 1, check: Check | None = None) -> Claim | None:
        """The right to track a run, which one process has at a time; None where another has it.

        Args:
          number: as in `finished`.
          check: wait for the other one instead; called meanwhile, and may raise KeyboardInterrupt.
        """
        path = self.path / CLAIMS / f"{self.path_of(sequence, number).stem}.run"
        mine = claim(path) if check is None else wait_for(path, check)
        if mine is not None:
            with self._lock:
                self.ledger.read()
        return mine

    def finished(self, sequence: str, frames: int, number: int = 1) -> Timing | None:
        """What an earlier run over the sequence cost, or None where it has to be tracked.

        Args:
          number: of the repetition, from 1, or of the anchor's frame.
        """
        path, confidence = self.path_of(sequence, number), self._confidence_of(sequence, number)
        entry = self.ledger.entries.get(path.stem)
        if entry is None or not path.exists() or not (confidence is None or confidence.exists()):
            return None
        try:
            boxes, signs = self.run(sequence, number).regions, read_signs(self._details(path)).verdicts
            if not len(boxes) == len(signs) == frames:
                return None
        except UserError:  # damaged or lost since it was written whole
            return None
        return Timing(entry["frames"], entry["track_seconds"], entry["compile_seconds"])

    def was_there(self, sequence: str, number: int = 1) -> bool:
        """Whether a run was listed when the folder was opened, and is not forgotten since.

        Args:
          number: as in `finished`.
        """
        return self.path_of(sequence, number).stem in self._at_first

    def of_other_data(self, sequence: str, data: str, number: int = 1) -> bool:
        """Whether an earlier run over a sequence of this name went through other data.

        Args:
          data: digest of this data.
        """
        entry = self.ledger.entries.get(self.path_of(sequence, number).stem)
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
        entry = self.ledger.entries[path.stem]
        mean = entry["track_seconds"] / max(entry["frames"], 1)
        return dataclasses.replace(run, times=np.full(len(run.regions), mean))

    def boxes(self, sequence: str, origin: int = 0) -> np.ndarray:
        """The boxes of a finished sequence, float64 [T, 4], 0-based, as rounded in the file."""
        return read_boxes(self.path_of(sequence), origin)

    def save(self, sequence: str, trajectory: Trajectory, origin: int = 0) -> Timing:
        """Write a finished sequence. As `write`."""
        return self.write(sequence, Tracked.of(trajectory, origin))

    def write(
        self, sequence: str, tracked: Tracked, number: int = 1, made: Made = HERE, *, data: str | None = None
    ) -> Timing:
        """Write a finished run. Several threads and processes may, of different runs.

        Args:
          number: as in `finished`.
          made: where it was tracked.
          data: digest of what was tracked, for `of_other_data`.

        Raises:
          UserError: a file cannot be written.
        """
        with self._lock, self._alone_with(sequence):
            return self._write(sequence, tracked, number, made, data)

    def _alone_with(self, sequence: str) -> AbstractContextManager[object]:
        """A part in which no process writes to a sequence's files, where repetitions share one."""
        shared = FORMATS[self.form].shared_times
        return wait_for(self.path / CLAIMS / f"{sequence}.files") if shared else nullcontext()

    def _write(self, sequence: str, tracked: Tracked, number: int, made: Made, data: str | None) -> Timing:
        path, timing = self.path_of(sequence, number), tracked.timing
        write_details(self._details(path), tracked)
        # Between manifest and box file, an older box file must not pass for this run's.
        delete(path, CURE)
        with self.ledger.changing() as entries:
            entries[path.stem] = self.ledger.entry(timing, made) | ({} if data is None else {"data": data})
        write_run(self.path, sequence, tracked.run, self.form, number=number, experiment=self.experiment)
        return timing

    def repeat(self, sequence: str, number: int, copy: int) -> Timing:
        """Give a deterministic tracker's finished run another number. Threads as in `write`.

        Raises:
          UserError: a file cannot be read or written.
        """
        with self._lock, self._alone_with(sequence):
            return self._repeat(sequence, number, copy)

    def _repeat(self, sequence: str, number: int, copy: int) -> Timing:
        source, target = self.path_of(sequence, number), self.path_of(sequence, copy)
        entry = self.ledger.entries[source.stem]
        write_text(self._details(target), text_of(self._details(source)) + "\n")
        delete(target, CURE)
        with self.ledger.changing() as entries:
            entries[target.stem] = entry
        write_run(self.path, sequence, self.run(sequence, number), self.form, number=copy, experiment=self.experiment)
        return Timing(entry["frames"], entry["track_seconds"], entry["compile_seconds"])

    def same(self, sequence: str, numbers: Sequence[int]) -> bool:
        """Whether the box files of some runs are equal to the byte."""
        return len({self.path_of(sequence, number).read_bytes() for number in numbers}) == 1

    def forget(self, sequence: str, numbers: Sequence[int] | None = None) -> None:
        """Make a sequence's finished runs count as unfinished, and drop their box files.

        Args:
          numbers: of the runs; None for all.
        """
        chosen = self.numbers(sequence) if numbers is None else numbers
        paths = [path for number in chosen if (path := self.path_of(sequence, number)).exists()]
        if not paths:
            return
        with self._lock, self.ledger.changing() as entries:
            for path in paths:
                delete(path, CURE)
                entries.pop(path.stem, None)
            self._at_first -= {path.stem for path in paths}

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
