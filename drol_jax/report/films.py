"""Single sequences to look at: overlap over time, and a strip of images with the boxes in them."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.image import frames
from drol_jax.report.columns import Column, known
from drol_jax.report.drawing import fitted, outlined, overlaps_of
from drol_jax.report.result import BenchmarkResult
from drol_jax.report.scores import TrackerScores
from drol_jax.report.style import GROUNDTRUTH, Style
from drol_jax.results.details import Signs, read_signs
from drol_jax.results.groundtruth import own_regions
from drol_jax.results.oxuva import read_of
from drol_jax.system.opencv import cv2

FEW = 8
"""So many sequences are all shown."""
WORST, BEST, APART = 3, 2, 2
IMAGES, WIDTH, QUALITY = 6, 400, 65
"""Images a strip, pixels across, JPEG quality in per cent."""
FILMED = 3
"""Trackers whose boxes are drawn; more hide the target."""


@dataclass(frozen=True)
class FilmImage:
    """One frame of a strip."""

    frame: int
    """Number of the frame, from 0."""
    uri: str
    """A JPEG as data."""
    overlaps: tuple[float, ...]
    """Overlaps of the filmed trackers, NaN where there is none."""


@dataclass(frozen=True, eq=False)
class Film:
    """One sequence."""

    name: str
    why: str
    """What it was chosen for."""
    overlaps: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Overlaps of each tracker, [T] in [0, 1]; NaN where the groundtruth or the tracker has no region."""
    filmed: tuple[str, ...] = ()
    images: tuple[FilmImage, ...] = ()
    signs: Mapping[str, Signs] = field(default_factory=dict)
    """Confidences and verdicts of the filmed trackers whose files tell them."""
    trouble: str | None = None
    """Why images, or all of it, are missing."""


def choose(result: BenchmarkResult, subject: str) -> tuple[Column | None, list[tuple[str, str]]]:
    """The sequences worth a look, each with the reason, and the measure that decides.

    Of few sequences all, from the worst to the best; else the subject's worst and best, and those on which trackers
    lie farthest apart.

    Args:
      subject: name of the tracker in question.
    """
    tables = {s.name: s.sequences for s in result.trackers}
    names = [name for name in result.sequences if name in tables[subject]]
    by_key = {column.key: column for column in result.columns}
    # Where trackers are restarted, failures say more of a sequence than the overlap between them.
    wanted = [by_key[key] for key in ("lost",) if key in by_key] + list(result.columns)
    for column in wanted:
        values = {name: known(tables[subject][name].get(column.key)) for name in names}
        if names and any(value is not None for value in values.values()):
            break
    else:
        return None, [(name, "") for name in names[:FEW]]
    sign = 1 if column.larger_is_better else -1
    numbered = [name for name in names if values[name] is not None]
    ordered = sorted(numbered, key=lambda name: sign * (values[name] or 0.0))
    if len(ordered) <= FEW:
        return column, [(name, "") for name in ordered]

    def gap(name: str) -> float:
        row = [known(table[name].get(column.key)) for table in tables.values() if name in table]
        numbers = [value for value in row if value is not None]
        return max(numbers) - min(numbers)

    chosen = [(name, f"among the worst of {subject}") for name in ordered[:WORST]]
    chosen += [(name, f"among the best of {subject}") for name in ordered[-BEST:][::-1]]
    if len(tables) > 1:
        rest = [name for name in ordered if name not in dict(chosen)]
        apart = sorted(rest, key=gap, reverse=True)[:APART]
        chosen += [(name, "where trackers lie far apart") for name in apart if gap(name) > 0]
    return column, chosen


def film(
    entry: datasets.SequenceEntry,
    why: str,
    trackers: Sequence[TrackerScores],
    subject: str,
    styles: Mapping[str, Style],
) -> Film:
    """Compare a sequence's result files with its groundtruth, and draw the boxes where the images can be had.

    Args:
      trackers: in order of the ranking.
      styles: by tracker.
    """
    try:
        sequence = entry.open()
    except UserError as error:
        return Film(entry.name, why, trouble=str(error))
    groundtruth = own_regions(sequence)
    tracked, told, trouble = {}, {}, []
    for scores in trackers:
        runs = scores.files.get(entry.name, {})
        if not runs:
            continue
        path = runs[min(runs)]
        try:
            regions = fitted(read_of(sequence, path, regions=True).regions, groundtruth)
        except UserError as error:
            trouble.append(str(error))
            continue
        if regions is None:
            trouble.append(f"{path.name} of {scores.name} does not cover the sequence from its start")
            continue
        tracked[scores.name] = regions
        details = path.parent / "details" / f"{path.stem}.csv"
        try:
            signs = read_signs(details) if details.is_file() else None
        except UserError as error:
            trouble.append(str(error))
            continue
        if signs is not None and len(signs.verdicts) == len(sequence):
            told[scores.name] = signs
    overlaps = {name: overlaps_of(regions, groundtruth) for name, regions in tracked.items()}
    order = [subject, *(s.name for s in trackers if s.name != subject)]
    filmed = tuple(name for name in order if name in tracked)[:FILMED]
    shapes = [*((tracked[name], styles[name].rgb) for name in reversed(filmed)), (groundtruth, GROUNDTRUTH)]
    images = []
    try:
        for number in _shown(len(sequence), overlaps.get(subject)):
            image = frames.read(sequence.frames[number])
            uri = _jpeg(outlined(image, number, shapes, sequence.origin, WIDTH))
            images.append(FilmImage(number, uri, tuple(float(overlaps[name][number]) for name in filmed)))
    except UserError as error:
        trouble.append(f"no images: {error}")
    signs = {name: told[name] for name in filmed if name in told}
    return Film(entry.name, why, overlaps, filmed, tuple(images), signs, "; ".join(trouble) or None)


def thinned(values: np.ndarray, most: int = 250) -> tuple[np.ndarray, np.ndarray]:
    """A curve [T] as at most so many points: frames and the means of equal stretches around them; NaN counts not."""
    size = -(-len(values) // most)
    padded = np.concatenate([values, np.full(-len(values) % size, np.nan)]).reshape(-1, size)
    known = ~np.isnan(padded)
    means = np.where(known.any(1), np.nansum(padded, 1) / np.maximum(known.sum(1), 1), np.nan)
    return np.arange(len(padded)) * size + (size - 1) / 2, means


def _shown(frames: int, overlaps: np.ndarray | None) -> list[int]:
    """Frames to show: at equal distances, and the one in which the subject fares worst."""
    even = np.linspace(0, frames - 1, IMAGES - 1).round().astype(int)
    if overlaps is None or np.isnan(overlaps).all():
        return np.unique(even).tolist()
    return np.unique(np.append(even, np.nanargmin(overlaps))).tolist()


def _jpeg(image: np.ndarray) -> str:
    quality = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), quality)[1]
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode("ascii")
