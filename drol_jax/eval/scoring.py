"""Scoring result folders: find the trackers, read each file once, judge it by every protocol. Needs no jax."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval.protocols import scorers
from drol_jax.eval.scorers import Scorer
from drol_jax.eval.standings import board
from drol_jax.report.board import Board, Refusal
from drol_jax.results.formats import Run, read_run
from drol_jax.results.layout import Names, TrackerResults, find_trackers

_ANCHORED = 8  # digits of an anchor's number


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to score."""

    dataset: str
    entries: Sequence[datasets.SequenceEntry]
    """Of the whole dataset, by whose names files are told apart."""
    wanted: Sequence[str]
    """Names of the sequences to score."""
    folders: Sequence[Path]
    protocol: str | None = None
    """None: the one of the benchmark's published scores."""
    dialects: bool = True
    """Score by the other protocols too."""
    experiment: str | None = None
    kind: str | None = None
    """How the results came about: "ope", "vot", "longterm" or "got10k"; None for the benchmark's own kind."""
    pad_short: bool = False
    failed: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By (tracker, sequence) why its tracking failed; what files there are do not count."""


def score_folders(request: Request) -> Board:
    """Score every tracker under the folders.

    A missing, unreadable or unfit result is a refusal that names its file; means are over the sequences that every
    tracker has a scorable result of.

    Raises:
      UserError: a folder holds no results; an unknown protocol; the groundtruth of the dataset is kept by its server.
    """
    aliases = {alias: entry.name for entry in request.entries for alias in entry.aliases}
    names = Names([entry.name for entry in request.entries], aliases)
    known = datasets.benchmark(request.dataset)
    kind = request.kind or (known.protocol if known else "ope")
    if kind == "server":
        raise UserError(
            f"{request.dataset}'s groundtruth is kept by its server; pack the results for it instead of scoring"
        )
    experiment = request.experiment or ("longterm" if kind == "longterm" else "baseline")
    trackers = _told_apart([t for folder in request.folders for t in find_trackers(folder, names, experiment)])
    leads = {row.name: row.first - row.annotated_from for row in (known.rows if known else ())
             if row.first is not None and row.annotated_from is not None}  # fmt: skip
    anchored = any(_is_anchored(path) for t in trackers for files in t.files.values() for path in files.values())
    protocols = scorers(request.dataset, kind, request.protocol, anchored=anchored, pad_short=request.pad_short)
    judging = _Judging(protocols if request.dialects else protocols[:1], leads, request.failed)
    carried = {}
    for entry in request.entries:
        if entry.name in set(request.wanted):
            carried[entry.name] = judging.sequence(entry, trackers)
    return board(request.dataset, judging.scorers, judging.judged, trackers, carried, judging.refusals)


class _Judging:
    """What every scorer made of every result so far. The first scorer is the one asked for."""

    def __init__(self, scorers: Sequence[Scorer], leads: Mapping[str, int], failed: Mapping[tuple[str, str], str]):
        self.scorers, self._leads, self._failed = scorers, leads, failed
        self.judged: dict[tuple[str, str], dict[str, Any]] = {}
        """By (protocol, tracker) and sequence."""
        self.refusals: list[Refusal] = []

    def sequence(self, entry: datasets.SequenceEntry, trackers: Sequence[TrackerResults]) -> tuple[str, ...]:
        """Judge one sequence's results; returns its attributes."""
        try:
            sequence = entry.open()
            if sequence.only_first_box:
                raise UserError(f"{entry.name}: only the first box is known, the server keeps the rest")
        except UserError as error:
            self.refusals.extend(Refusal(tracker.name, entry.name, str(error)) for tracker in trackers)
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
                continue  # another protocol's refusal leaves a gap in its column
            self.judged.setdefault((scorer.protocol, tracker), {})[sequence.name] = judged

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
