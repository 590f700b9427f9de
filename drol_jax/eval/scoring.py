"""Scoring result files: find the trackers, read each file once, judge it in every dialect. Needs no jax."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval.comparing import compared
from drol_jax.eval.dialects import scorers
from drol_jax.eval.judging import Judging
from drol_jax.eval.means import result_of_judged
from drol_jax.eval.own_metrics import Metrics, WithMetrics
from drol_jax.eval.protocols import from_anchors
from drol_jax.eval.repeats import Groups, repeats
from drol_jax.eval.scorers import Scorer
from drol_jax.metrics.eao import INTERVALS
from drol_jax.report.result import BenchmarkResult
from drol_jax.results.layout import TrackerResults, find_trackers
from drol_jax.results.names import Names


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
    """How the results came about: "ope", "vot", "longterm", "got10k" or "r-ope"; None for the benchmark's own kind."""
    anchored: bool | None = None
    """VOT's results are runs from anchors, not restarts; None where their content or manifest tells."""
    runs: Groups | None = None
    """Repetitions by tracker's name; None where manifests and names tell."""
    pad_short: bool = False
    """Continue short results of one-pass evaluation with their last box."""
    metrics: Metrics = field(default_factory=dict)
    """A plug-in's measures, as further columns of the first scorer."""
    failed: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Why tracking failed, by (tracker, sequence); what files there are do not count."""

    def find(self, folder: Path) -> list[TrackerResults]:
        """The trackers whose results lie below a folder.

        Raises:
          UserError: it holds no results.
        """
        experiment = self.experiment or ("longterm" if self.came_as == "longterm" else "baseline")
        return find_trackers(folder, Names.of(self.dataset, self.entries), experiment)

    def scorers(self, *, anchored: bool) -> list[Scorer]:
        """Scorers, the one asked for first.

        Args:
          anchored: VOT's results are runs from anchors.

        Raises:
          UserError: an unknown dialect; the groundtruth of the dataset is kept by its server.
        """
        if self.came_as == "server":
            raise UserError(
                f"{self.dataset}'s groundtruth is kept by its server; pack the results for it instead of scoring"
            )
        every = scorers(self.dataset, self.came_as, self._dialect, anchored=anchored, pad_short=self.pad_short)
        if self.metrics:
            if every[0].regions:
                raise UserError("a plug-in's metrics take boxes; VOT's results hold codes beside them")
            every[0] = WithMetrics(every[0], self.metrics)
        return every if self.dialects else every[:1]

    @property
    def _dialect(self) -> str | None:
        """The dialect asked for, or that of a VOT workspace whose masks, or polygons of many corners, one alone
        scores."""
        if self.dialect is not None or self.came_as != "vot" or self.dataset in INTERVALS:
            return self.dialect
        for entry in self.entries:
            try:
                if entry.name in self.wanted and entry.open().shapes is not None:
                    return "vot"
            except UserError:
                continue  # it is told of where it is scored
        return None

    @property
    def leads(self) -> dict[str, int]:
        """How many frames before the annotation some published results begin, by sequence."""
        known = datasets.known(self.dataset)
        return {
            row.name: row.first - row.annotated_from
            for row in (known.rows if known else ())
            if row.first is not None and row.annotated_from is not None
        }

    @property
    def came_as(self) -> str:
        """How the results came about, or must have: the kind that was named, else the benchmark's own."""
        known = datasets.known(self.dataset)
        return self.kind or (known.protocol if known else "ope")


def score_folders(request: Request, folders: Sequence[Path]) -> BenchmarkResult:
    """Score every tracker under some folders. Repetitions of one tracker, as `repeats` tells them, are compared as one.

    Raises:
      UserError: a folder holds no results; otherwise as `score_trackers`.
    """
    trackers = _told_apart([tracker for folder in folders for tracker in request.find(folder)])
    result = score_trackers(request, trackers)
    return compared(result, repeats(result, request.runs))


def score_trackers(request: Request, trackers: Sequence[TrackerResults]) -> BenchmarkResult:
    """Score trackers side by side, without comparing them.

    A missing, unreadable or unfit result is a refusal that names its file; means are over the sequences that every
    tracker has a scorable result of.

    Raises:
      UserError: an unknown dialect; the groundtruth of the dataset is kept by its server.
    """
    kind, anchored, wanted = request.came_as, request.anchored, set(request.wanted)
    if anchored is None:
        entries = [entry for entry in request.entries if entry.name in wanted]
        anchored = kind == "vot" and from_anchors(trackers, entries)
    judging = Judging(request.dataset, kind, request.scorers(anchored=anchored), request.leads, request.failed)
    carried = {}
    for entry in request.entries:
        if entry.name in wanted:
            carried[entry.name] = judging.sequence(entry, trackers)
    scored = [judging.scored(tracker) for tracker in trackers]
    name = datasets.title(request.dataset)
    result = result_of_judged(name, judging.scorers, judging.judged, scored, carried, judging.refusals)
    told = tuple(replace(one, certainty=judging.certainty(one.name, result.covered)) for one in result.trackers)
    return replace(result, trackers=told, notes=(*result.notes, *judging.notes))


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
