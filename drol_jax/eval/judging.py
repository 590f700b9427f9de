"""Judging result files sequence by sequence: each is read once, and every scorer makes of it what it can."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from drol_jax import datasets
from drol_jax.datasets.oxuva import first_number
from drol_jax.errors import UserError
from drol_jax.eval.certainty import certainty_of
from drol_jax.eval.forms import check_course, check_form
from drol_jax.eval.protocols import check_unbroken, check_way
from drol_jax.eval.scorers import Scorer
from drol_jax.eval.truths import Truths
from drol_jax.metrics.reliability import Certainty
from drol_jax.metrics.restart import Judged
from drol_jax.report.scores import Refusal
from drol_jax.results.groundtruth import own_boxes
from drol_jax.results.layout import Candidate, TrackerResults
from drol_jax.results.names import Sure, anothers
from drol_jax.results.oxuva import read_of
from drol_jax.results.runs import Run

Files = Mapping[int, Path]


class Judging:
    """What every scorer made of every result so far. The first scorer is the one asked for."""

    def __init__(
        self,
        dataset: str,
        kind: str,
        scorers: Sequence[Scorer],
        leads: Mapping[str, int],
        failed: Mapping[tuple[str, str], str],
    ):
        self.scorers = scorers
        self._dataset, self._kind, self._leads, self._failed = dataset, kind, leads, failed
        self.judged: dict[tuple[str, str], dict[str, Any]] = {}
        """What was judged, by (dialect, tracker) and sequence."""
        self.refusals: list[Refusal] = []
        self._scored: dict[str, dict[str, Files]] = {}
        self._contested: dict[Path, list[str]] = {}
        self._cut: dict[str, list[str]] = {}
        self._granted: dict[str, list[str]] = {}
        self._certain: dict[str, dict[str, Certainty]] = {}
        self._uncertain: dict[str, list[str]] = {}
        self._truths = Truths(dataset, boxes=not scorers[0].regions)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left aside or cut, a line for each tracker."""
        contested = [f"note: in {folder}: {'; '.join(words)}" for folder, words in self._contested.items()]
        cut = [
            f"note: {tracker}: of unequal lengths, cut or continued as the dialect {self.scorers[0].dialect} does: "
            f"{', '.join(words)}"
            for tracker, words in self._cut.items()
        ]
        granted = [f"note: {tracker}: {'; '.join(words)}, so that the line before counts, as in the benchmark's toolkit"
                   for tracker, words in self._granted.items()]  # fmt: skip
        unsaid = [f"note: no reliability of {tracker}: {words[0]}" for tracker, words in self._uncertain.items()]
        return (*self._truths.notes, *contested, *cut, *granted, *unsaid)

    def certainty(self, tracker: str, sequences: Iterable[str]) -> Certainty | None:
        """A tracker's confidences over some sequences; None where its files tell none, or do not fit."""
        if tracker in self._uncertain:
            return None
        told = self._certain.get(tracker, {})
        return Certainty.pooled([told[name] for name in sequences if name in told])

    def scored(self, tracker: TrackerResults) -> TrackerResults:
        """The tracker with the files that were read for its scores."""
        return replace(tracker, files={**tracker.files, **self._scored.get(tracker.name, {})})

    def sequence(self, entry: datasets.SequenceEntry, trackers: Sequence[TrackerResults]) -> tuple[str, ...]:
        """Judge one sequence's results; returns its attributes."""
        try:
            sequence = entry.open()
            if sequence.only_first_box:
                raise UserError(f"{entry.name}: only the first box is known, so that there is nothing to score by")
        except UserError as error:
            self.refusals.append(Refusal(None, entry.name, str(error)))
            return ()
        self._truths.see(sequence)
        for tracker in trackers:
            words = self._failed.get((tracker.name, entry.name))
            if words is not None or not tracker.files.get(entry.name):
                words = words or f"no result file in {tracker.folder}; track it, or leave it out with --sequences"
                self.refusals.append(Refusal(tracker.name, entry.name, words))
                continue
            try:
                check_way(tracker.folder, self._kind)
                files, runs = self._chosen(sequence, tracker)
                if self._kind != "r-ope":
                    check_unbroken(files, runs)
                check = check_course if self.scorers[0].regions else check_form
                for number, run in runs.items():
                    check(files[number], run.regions.boxes, own_boxes(sequence))
            except UserError as error:
                self.refusals.append(Refusal(tracker.name, entry.name, str(error)))
                continue
            self._scored.setdefault(tracker.name, {})[entry.name] = files
            remarks = [f"{entry.name} {run.remark}" for run in runs.values() if run.remark]
            if remarks:
                self._granted.setdefault(tracker.name, []).extend(remarks)
            self._one(sequence, tracker.name, files, runs)
            if self._kind == "ope":
                self._hear(sequence, tracker.name, files, runs)
        return tuple(sequence.attributes)

    def _one(self, sequence: datasets.Sequence, tracker: str, files: Files, runs: Mapping[int, Run]) -> None:
        for scorer in self.scorers:
            asked = scorer is self.scorers[0]
            try:
                judged = scorer.judge(sequence, runs)
            except UserError as error:
                if asked:
                    first = next(iter(files.values()))
                    path = first if len(files) == 1 else first.parent
                    self.refusals.append(Refusal(tracker, sequence.name, f"{path}: {error}"))
                    return
                continue  # another dialect's refusal leaves a gap in its column
            lines = judged.cut[0] if isinstance(judged, Judged) and judged.cut else len(sequence)
            if not scorer.regions:
                lines = next((n for run in runs.values() if (n := len(run.regions)) != len(sequence)), lines)
            if asked and lines != len(sequence):
                self._cut.setdefault(tracker, []).append(f"{sequence.name} {lines} lines, {len(sequence)} frames")
            self.judged.setdefault((scorer.dialect, tracker), {})[sequence.name] = judged

    def _hear(self, sequence: datasets.Sequence, tracker: str, files: Files, runs: Mapping[int, Run]) -> None:
        try:
            found = certainty_of(sequence, files, runs)
        except UserError as error:
            self._uncertain.setdefault(tracker, []).append(str(error))
            return
        if found is not None:
            self._certain.setdefault(tracker, {})[sequence.name] = found

    def _chosen(self, sequence: datasets.Sequence, tracker: TrackerResults) -> tuple[Files, dict[int, Run]]:
        """The files that are the sequence's, of all that may be.

        Raises:
          UserError: none is; two are as sure as each other, and differ; a file is unreadable.
        """
        candidates, aside = list(tracker.candidates.get(sequence.name, ())), []
        if not candidates:
            files = tracker.files[sequence.name]
            return files, self._read(files, sequence)
        while candidates:
            best = candidates.pop(0)
            runs = self._read(best.files, sequence)
            why = self._anothers(best, runs, sequence)
            if why is not None:
                aside.append(f"{best.path.name} has {why}")
                continue
            rest = [one for one in candidates if one.match.sure == best.match.sure and one.spelling != best.spelling]
            for rival in rest:
                if _content(rival) != _content(best) and not self._anothers(rival, self._read(rival.files, sequence),
                                                                            sequence):  # fmt: skip
                    raise UserError(
                        f"{best.path} and {rival.path} may both be {sequence.name}'s, and differ; remove one of them"
                    )
            others = [*aside, *(f"{_shown(one)} left aside" for one in candidates)]
            if others or best.match.sure is Sure.LOOSE:  # a name that may be another benchmark's is told
                others = others or ["whose name it is not quite"]
                words = f"{_shown(best)} scored as {sequence.name}, {', '.join(others)}"
                self._contested.setdefault(tracker.folder, []).append(words)
            return best.files, runs
        raise UserError(
            f"no result file in {tracker.folder} ({', '.join(aside)}); track it, or leave it out with --sequences"
        )

    def _anothers(self, candidate: Candidate, runs: Mapping[int, Run], sequence: datasets.Sequence) -> str | None:
        """Why a file's length says that it is another sequence's, in words."""
        if self.scorers[0].regions:  # runs from anchors are of any length, and VOT's files lie in folders of their own
            return None
        for run in runs.values():
            lines = len(run.regions)
            if lines != len(sequence):
                why = anothers(candidate.spelling, candidate.match, lines, self._dataset)
                if why is not None:
                    return f"{lines} lines for {len(sequence)} frames, {why}"
        return None

    def _read(self, files: Files, sequence: datasets.Sequence) -> dict[int, Run]:
        return {number: self._read_one(path, sequence) for number, path in files.items()}

    def _read_one(self, path: Path, sequence: datasets.Sequence) -> Run:
        run = read_of(sequence, path, regions=self.scorers[0].regions)
        if not len(run.regions):
            raise UserError(f"{path} is empty; track it again")
        if len(sequence) == 1 < len(run.regions):
            raise UserError(
                f"{path} has {len(run.regions)} lines and the groundtruth of {sequence.name} one: only the first box "
                "is known, so that there is nothing to score by"
            )
        _check_start(path, run, sequence)
        # OTB's Tiger1 is published with 354 boxes by some, of which the benchmark scores the last 349.
        lead = self._leads.get(sequence.name, 0)
        if lead > 0 and len(run.regions) == len(sequence) + lead:
            return replace(run, regions=run.regions[lead:])
        return run


def _check_start(path: Path, run: Run, sequence: datasets.Sequence) -> None:
    """Raise a UserError where a file says that its run begins behind the first frame, and lacks as many boxes: each
    would be held against another frame than its own."""
    try:
        first = max(first_number(sequence), 1)
    except UserError:  # frames without numbers
        return
    late = 0 if run.first is None else run.first - first
    if late > 0 and len(run.regions) + late <= len(sequence):
        raise UserError(
            f"{path}: its run begins at image {run.first}, {late} behind the first of {sequence.name}, and is no pass "
            "over all of it; give one that begins at the first frame"
        )


def _content(candidate: Candidate) -> list[bytes]:
    return [path.read_bytes() for path in candidate.files.values()]


def _shown(candidate: Candidate) -> str:
    """The file's name, or that of the folder of several."""
    path = candidate.path
    return path.name if path.stem == candidate.spelling else path.parent.name + "/"
