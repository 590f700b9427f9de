"""A result with how far its trackers' confidences can be believed, where their result files tell confidences."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.image.boxes import overlap
from drol_jax.metrics.reliability import Reliability, reliability
from drol_jax.report.result import BenchmarkResult
from drol_jax.report.scores import TrackerScores
from drol_jax.results.details import read_confidences
from drol_jax.results.formats import read_run
from drol_jax.results.groundtruth import own_boxes


def with_reliability(result: BenchmarkResult, entries: Sequence[datasets.SequenceEntry]) -> BenchmarkResult:
    """The result of one-pass files, with each tracker's reliability over the covered sequences, all seeds together.

    The first frame is left out: its box is given. So are frames without groundtruth.

    Args:
      entries: of the dataset.
    """
    chosen = set(result.covered)
    truths: dict[str, np.ndarray] = {}
    for entry in entries:
        if entry.name in chosen and any(_details_of(scores, entry.name) for scores in result.trackers):
            truths[entry.name] = own_boxes(entry.open())
    trackers, notes = [], []
    for scores in result.trackers:
        try:
            trackers.append(replace(scores, reliability=_of(scores, truths)))
        except UserError as error:
            trackers.append(scores)
            notes.append(f"note: no reliability of {scores.name}: {error}")
    return replace(result, trackers=tuple(trackers), notes=(*result.notes, *notes))


def _of(scores: TrackerScores, truths: Mapping[str, np.ndarray]) -> Reliability | None:
    sure, right = [], []
    for name, truth in truths.items():
        for boxes, details in _details_of(scores, name):
            confidence = read_confidences(details)
            if confidence is None:
                continue
            found = read_run(boxes).regions.boxes
            if not len(found) == len(truth) == len(confidence):
                raise UserError(f"{details} has {len(confidence)} frames and {boxes} {len(found)}; track it again")
            sure.append(confidence[1:])
            right.append(overlap(found, truth)[1:])
    return reliability(np.concatenate(sure), np.concatenate(right)) if sure else None


def _details_of(scores: TrackerScores, sequence: str) -> list[tuple[Path, Path]]:
    """(box file, details file) of every run of a sequence that has both."""
    members: Iterable[TrackerScores] = scores.members or (scores,)
    paths = [path for one in members for path in one.files.get(sequence, {}).values()]
    pairs = [(path, path.parent / "details" / f"{path.stem}.csv") for path in paths]
    return [(path, details) for path, details in pairs if details.is_file()]
