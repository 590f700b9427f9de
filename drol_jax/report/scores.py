"""What one tracker scored on a benchmark, under one seed or several."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from drol_jax.metrics.reliability import Certainty, Reliability, reliability
from drol_jax.metrics.spread import Spread, over_seeds
from drol_jax.report.columns import Numbers, mean_of
from drol_jax.results.runs import Timing
from drol_jax.results.settings import plain

Kind = Literal["mean", "sequence", "attribute"]
"""What numbers are over: the covered sequences, one sequence, or what carries an attribute."""


@dataclass(frozen=True)
class Refusal:
    """A result that could not be scored."""

    tracker: str | None
    """None: no tracker's, as the sequence itself could not be opened."""
    sequence: str
    message: str
    seed: int | None = None
    """The seed under which the tracker failed, where it is known."""


@dataclass(frozen=True, eq=False)
class TrackerScores:
    """One tracker's numbers. Of several seeds, means over them, and each seed's own in `members`."""

    name: str
    folder: str
    mean: Numbers
    """Means over the result's covered sequences."""
    sequences: Mapping[str, Numbers]
    """Numbers of every sequence that could be scored."""
    attributes: Mapping[str, tuple[int, Numbers]]
    """How many covered sequences (VOT: frames) carry each attribute, and the numbers over them."""
    curves: Mapping[str, list[float]] = field(default_factory=dict)
    """Curves over the covered sequences, by name."""
    files: Mapping[str, Mapping[int, Path]] = field(default_factory=dict)
    """Result files that were scored, by sequence and repetition or anchor; of several seeds the first one's."""
    label: str = ""
    """Short name for column heads: "DROL", "base"; empty for the name itself."""
    seeds: tuple[int, ...] = ()
    """Seeds that the tracker ran under; empty where nobody says."""
    timings: Mapping[str, Timing] = field(default_factory=dict)
    """Cost of each sequence, all seeds together; empty where it was not measured."""
    members: tuple["TrackerScores", ...] = ()
    """Scores under each seed by itself; empty for one seed."""
    parts: tuple[np.ndarray, np.ndarray] | None = None
    """What each covered sequence adds to the first measure's numerators and denominators [sequences, lengths], where
    it is one of all together."""
    certainty: Certainty | None = None
    """Its confidences over the covered sequences, all seeds together; None where its files tell none."""

    @property
    def short(self) -> str:
        """The label, or else the name."""
        return self.label or self.name

    @property
    def reliability(self) -> Reliability | None:
        """How far its confidences can be believed."""
        return None if self.certainty is None else reliability(self.certainty.confidence, self.certainty.overlap)

    @property
    def folders(self) -> tuple[str, ...]:
        """The result folders, one a seed."""
        return tuple(member.folder for member in self.members) or (self.folder,)

    def numbers(self, kind: Kind, name: str = "") -> Numbers:
        """The numbers over everything, a sequence or an attribute; empty where there are none."""
        if kind == "mean":
            return self.mean
        return self.sequences.get(name, {}) if kind == "sequence" else self.attributes.get(name, (0, {}))[1]

    def spread(self, key: str, kind: Kind, name: str = "") -> Spread | None:
        """A measure's mean and spread over the seeds; None where one has no number."""
        values = [member.numbers(kind, name).get(key) for member in self.members or (self,)]
        found = [value for value in values if value is not None]
        return over_seeds(found) if len(found) == len(values) else None

    def timing(self, sequences: Iterable[str]) -> Timing:
        """What some sequences cost together, all seeds."""
        return Timing.total(self.timings[name] for name in sequences if name in self.timings)


def over_members(name: str, members: tuple[TrackerScores, ...]) -> TrackerScores:
    """Means over one tracker's seeds; what one of them lacks, the mean lacks.

    Args:
      members: at least one, of the same result; the means' curves, files and folder are of all, the first, the first.
    """
    first = members[0]
    return TrackerScores(
        name=name,
        folder=first.folder,
        mean=mean_numbers([one.mean for one in members]),
        sequences={
            sequence: mean_numbers([one.sequences[sequence] for one in members])
            for sequence in first.sequences
            if all(sequence in one.sequences for one in members)
        },
        attributes={
            attribute: (count, mean_numbers([one.attributes[attribute][1] for one in members]))
            for attribute, (count, _) in first.attributes.items()
            if all(attribute in one.attributes for one in members)
        },
        curves={
            curve: [mean_of(values) or 0.0 for values in zip(*(one.curves[curve] for one in members), strict=False)]
            for curve in first.curves
            if all(curve in one.curves for one in members)
        },
        files=first.files,
        members=members,
        certainty=Certainty.pooled([one.certainty for one in members if one.certainty is not None]),
    )


def mean_numbers(rows: list[Numbers]) -> dict[str, float | None]:
    """Means of the measures that all rows name."""
    return {key: mean_of([row[key] for row in rows]) for key in rows[0] if all(key in row for row in rows)}


def reliability_entry(scores: TrackerScores) -> dict[str, Any]:
    """What files of numbers say of a tracker's confidence; nothing where there is none."""
    found = scores.reliability
    return {} if found is None else {"reliability": plain(found)}
