"""Scoring result files: find the trackers, read each file once, judge it in every dialect. Needs no jax."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from drol_jax import datasets
from drol_jax.datasets.definitions import benchmarks
from drol_jax.errors import UserError
from drol_jax.eval.certainty import with_reliability
from drol_jax.eval.comparing import by_name, compared
from drol_jax.eval.dialects import scorers
from drol_jax.eval.means import result_of_judged
from drol_jax.eval.scorers import Scorer
from drol_jax.report.result import BenchmarkResult
from drol_jax.report.scores import Refusal
from drol_jax.results.formats import read_run
from drol_jax.results.layout import Names, TrackerResults, find_trackers
from drol_jax.results.runs import Run

_ANCHORED = 8  # digits of an anchor's number


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to score, and how."""

    dataset: str
    """Its name, which says how it is scored; of a data set that is no known benchmark, one pass in PySOT's dialect."""
    entries: Sequence[datasets.SequenceEntry]
    """Entries of the whole dataset, by whose names files are told apart."""
    wanted: Sequence[str]
    """Names of the sequences to score."""
    dialect: str | None = None
    """Whose arithmetic; None: that of the benchmark's published scores."""
    dialects: bool = True
    """Score in the other dialects too."""
    experiment: str | None = None
    """One of a VOT tracker's experiments; None: baseline, or longterm."""
    kind: str | None = None
    """How the results came about: "ope", "vot", "longterm" or "got10k"; None for the benchmark's own kind."""
    pad_short: bool = False
    """Continue short results of one-pass evaluation with their last box."""
    failed: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Why tracking failed, by (tracker, sequence); what files there are do not count."""

    def find(self, folder: Path) -> list[TrackerResults]:
        """The trackers whose results lie below a folder.

        Raises:
          UserError: it holds no results.
        """
        aliases = {alias: entry.name for entry in self.entries for alias in entry.aliases}
        names = Names([entry.name for entry in self.entries], aliases)
        experiment = self.experiment or ("longterm" if self._kind == "longterm" else "baseline")
        return find_trackers(folder, names, experiment)

    def scorers(self, *, anchored: bool) -> list[Scorer]:
        """Scorers, the one asked for first.

        Args:
          anchored: VOT's results are runs from anchors.

        Raises:
          UserError: an unknown dialect; the groundtruth of the dataset is kept by its server.
        """
        if self._kind == "server":
            raise UserError(
                f"{self.dataset}'s groundtruth is kept by its server; pack the results for it instead of scoring"
            )
        every = scorers(self.dataset, self._kind, self.dialect, anchored=anchored, pad_short=self.pad_short)
        return every if self.dialects else every[:1]

    @property
    def leads(self) -> dict[str, int]:
        """How many frames before the annotation some published results begin, by sequence."""
        known = benchmarks().get(self.dataset)
        return {
            row.name: row.first - row.annotated_from
            for row in (known.rows if known else ())
            if row.first is not None and row.annotated_from is not None
        }

    @property
    def _kind(self) -> str:
        known = benchmarks().get(self.dataset)
        return self.kind or (known.protocol if known else "ope")


def score_folders(request: Request, folders: Sequence[Path]) -> BenchmarkResult:
    """Score every tracker under some folders. Trackers whose names differ by a seed's number alone are compared as one.

    Raises:
      UserError: a folder holds no results; otherwise as `score_trackers`.
    """
    trackers = _told_apart([tracker for folder in folders for tracker in request.find(folder)])
    result = score_trackers(request, trackers)
    if not request.scorers(anchored=False)[0].regions:
        result = with_reliability(result, request.entries)
    return compared(result, by_name(result))


def score_trackers(request: Request, trackers: Sequence[TrackerResults]) -> BenchmarkResult:
    """Score trackers side by side, without comparing them.

    A missing, unreadable or unfit result is a refusal that names its file; means are over the sequences that every
    tracker has a scorable result of.

    Raises:
      UserError: an unknown dialect; the groundtruth of the dataset is kept by its server.
    """
    anchored = any(_is_anchored(path) for t in trackers for files in t.files.values() for path in files.values())
    judging = _Judging(request.scorers(anchored=anchored), request.leads, request.failed)
    carried, wanted = {}, set(request.wanted)
    for entry in request.entries:
        if entry.name in wanted:
            carried[entry.name] = judging.sequence(entry, trackers)
    return result_of_judged(request.dataset, judging.scorers, judging.judged, trackers, carried, judging.refusals)


class _Judging:
    """What every scorer made of every result so far. The first scorer is the one asked for."""

    def __init__(self, scorers: Sequence[Scorer], leads: Mapping[str, int], failed: Mapping[tuple[str, str], str]):
        self.scorers, self._leads, self._failed = scorers, leads, failed
        self.judged: dict[tuple[str, str], dict[str, Any]] = {}
        """What was judged, by (dialect, tracker) and sequence."""
        self.refusals: list[Refusal] = []

    def sequence(self, entry: datasets.SequenceEntry, trackers: Sequence[TrackerResults]) -> tuple[str, ...]:
        """Judge one sequence's results; returns its attributes."""
        try:
            sequence = entry.open()
            if sequence.only_first_box:
                raise UserError(f"{entry.name}: only the first box is known, the server keeps the rest")
        except UserError as error:
            self.refusals.append(Refusal(None, entry.name, str(error)))
            return ()
        for tracker in trackers:
            files = tracker.files.get(entry.name)
            words = self._failed.get((tracker.name, entry.name))
            if words is not None or not files:
                words = words or f"no result file in {tracker.folder}; track it, or leave it out with --sequences"
                self.refusals.append(Refusal(tracker.name, entry.name, words))
                continue
            self._one(sequence, tracker.name, files)
        return tuple(sequence.attributes)

    def _one(self, sequence: datasets.Sequence, tracker: str, files: Mapping[int, Path]) -> None:
        try:
            runs = {number: self._read(path, sequence) for number, path in files.items()}
        except UserError as error:
            self.refusals.append(Refusal(tracker, sequence.name, str(error)))
            return
        for scorer in self.scorers:
            asked = scorer is self.scorers[0]
            try:
                judged = scorer.judge(sequence, runs)
            except UserError as error:
                if asked:
                    path = next(iter(files.values()))
                    self.refusals.append(Refusal(tracker, sequence.name, f"{path}: {error}"))
                    return
                continue  # another dialect's refusal leaves a gap in its column
            self.judged.setdefault((scorer.dialect, tracker), {})[sequence.name] = judged

    def _read(self, path: Path, sequence: datasets.Sequence) -> Run:
        run = read_run(path, regions=self.scorers[0].regions)
        if not len(run.regions):
            raise UserError(f"{path} is empty; track it again")
        # OTB's Tiger1 is published with 354 boxes by some, of which the benchmark scores the last 349.
        lead = self._leads.get(sequence.name, 0)
        if lead > 0 and len(run.regions) == len(sequence) + lead:
            return replace(run, regions=run.regions[lead:])
        return run


def _is_anchored(path: Path) -> bool:
    return len(path.stem.rsplit("_", 1)[-1]) == _ANCHORED


def _told_apart(trackers: Sequence[TrackerResults]) -> list[TrackerResults]:
    """Trackers of several --results under distinct names; one that several of them lead to is one."""
    first: dict[Path, TrackerResults] = {}
    for tracker in trackers:
        first.setdefault(tracker.folder.resolve(), tracker)
    names = [tracker.name for tracker in first.values()]
    return [
        tracker if names.count(tracker.name) == 1 else replace(tracker, name=str(tracker.folder))
        for tracker in first.values()
    ]
