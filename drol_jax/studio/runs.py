"""A sequence of an evaluation's run, as a project: the tracker's boxes, and the groundtruth beside them."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from drol_jax import datasets
from drol_jax.datasets import Sequence
from drol_jax.errors import UserError
from drol_jax.online.verdict import Verdict
from drol_jax.results.details import Signs, read_signs
from drol_jax.results.formats import read_run
from drol_jax.results.groundtruth import own_boxes
from drol_jax.results.manifest import manifest_of
from drol_jax.studio.film import Film
from drol_jax.studio.places import Places, named, opened
from drol_jax.studio.project import Project, Seen, Setup, Track, drawn, tracked
from drol_jax.studio.rendered import source_of
from drol_jax.tracks.table import Row, TargetState
from drol_jax.video.images import SUFFIXES, natural

SURE = 0.5
"""Confidence from which a box counts as tracked."""


def is_run(path: Path) -> bool:
    """Whether it is the folder of a tracker that an evaluation has run, or one of its result files."""
    return (path.is_dir() and (path / "manifest.json").is_file()) or (
        path.suffix == ".txt" and (path.parent / "manifest.json").is_file()
    )


def opened_run(path: Path, places: Places, setup: Setup) -> tuple[Project, Film]:
    """The project of a result file, or of a folder's first one. The groundtruth is kept to be compared with.

    Args:
      path: for which `is_run` holds.
      places: folders that the dataset may lie in, beside $DROL_JAX_DATA, else ./data. Where it lay is written in the
        run too, but the page opens no folder that a file names.
      setup: of trackers to go on with; its configuration is that of the run.

    Raises:
      UserError: there is no result or no dataset, its images are none or lie elsewhere, or files do not fit it.
    """
    folder = path if path.is_dir() else path.parent
    files = natural(folder.glob("*.txt"))
    if not files:
        raise UserError(f"{folder}: there is no finished sequence in this run")
    result = path if path.is_file() else files[0]
    manifest = manifest_of(folder)
    if manifest is None:
        raise UserError(f"{folder}: its manifest.json cannot be read; track it again")
    dataset = manifest["settings"]["dataset"]
    sequence = _sequence(dataset, result.stem, places)
    signs = _signs(result)
    boxes, truth = read_run(result).regions.boxes, own_boxes(sequence)
    if not len(boxes) == len(truth) == len(signs.verdicts):
        raise UserError(f"{result} has {len(boxes)} frames, the sequence {len(truth)}; track it again")
    setup = replace(setup, config=manifest["settings"]["tracker"])
    if datasets.built_in(dataset["name"]):
        project, film = named(source_of(dataset["name"], int(dataset.get("seed") or 0), sequence.name), setup)
        first = 0
    else:
        images, first = _images(sequence)
        project, film = opened(images, setup)
    name, shift = sequence.name, np.array([sequence.origin, sequence.origin, 0, 0])
    project = replace(project, video=replace(project.video, name=sequence.name))  # many are in folders called img
    project = drawn(project, name, first, _box(truth[0] - shift) or (0.0, 0.0, 1.0, 1.0))
    track = _track(film, name, first, boxes - shift, signs)
    project = tracked(project, {name: track})
    sure = Signs(np.ones(len(truth)), ("off",) * len(truth))
    beside = _track(film, name, first, truth - shift, sure)
    return project.with_subject(replace(project.subject(name), beside=beside)), film


def _sequence(dataset: Mapping[str, Any], name: str, places: Places) -> Sequence:
    seed, told = int(dataset.get("seed") or 0), ""
    if datasets.built_in(dataset["name"]):
        (entry,) = datasets.load(dataset["name"], None, [name], seed)
        return entry.open()
    here = Path(os.environ.get("DROL_JAX_DATA") or "data")
    for root in [*(root for root in places.roots if not is_run(root)), *([here] if here.is_dir() else [])]:
        try:
            (entry,) = datasets.load(dataset["name"], root, [name], seed)
            return entry.open()
        except UserError as error:
            told += f"; {error}"
    raise UserError(f"{dataset['name']}, which the run is of, is not found; give its folder too{told}")


def _images(sequence: Sequence) -> tuple[Path, int]:
    """(folder, number there of the first frame) of a sequence whose frames follow each other in one folder."""
    paths = [Path(getattr(source, "path", source)) for source in sequence.frames]  # type: ignore[arg-type]
    folder = paths[0].parent
    there = natural(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES) if folder.is_dir() else []
    first = there.index(paths[0]) if paths[0] in there else 0
    if there[first : first + len(paths)] != paths:
        raise UserError(f"{sequence.name}: its frames are no unbroken stretch of the images in {folder}")
    return folder.resolve(), first


def _signs(result: Path) -> Signs:
    details = result.parent / "details" / f"{result.stem}.csv"
    signs = read_signs(details) if details.is_file() else None
    if signs is None or signs.confidences is None:
        raise UserError(f"{result}: the run tells no confidences in details/; track it again")
    return signs


def _track(film: Film, name: str, first: int, boxes: np.ndarray, signs: Signs) -> Track:
    track: dict[int, Seen] = {}
    for at, (place, word) in enumerate(zip(boxes, signs.verdicts, strict=True)):
        box = _box(place)
        sure = 1.0 if signs.confidences is None else float(np.nan_to_num(signs.confidences[at], nan=1.0))
        state = TargetState.LOST if box is None else TargetState.TRACKED if sure >= SURE else TargetState.UNCERTAIN
        row = Row(frame=first + at, time=film.time(first + at), name=name, box=box, confidence=sure, state=state)
        track[first + at] = Seen(row, verdict=int(Verdict[word.upper()]))
    return track


def _box(place: np.ndarray) -> tuple[float, float, float, float] | None:
    x, y, w, h = map(float, place)
    return (x, y, w, h) if np.isfinite(place).all() and w > 0 and h > 0 else None
