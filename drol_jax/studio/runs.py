"""A sequence of an evaluation's run, as a project: the tracker's boxes, and the groundtruth beside them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
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
from drol_jax.settings import load_settings
from drol_jax.studio.film import Film
from drol_jax.studio.places import Places, named, opened
from drol_jax.studio.project import Project, Seen, Setup, Track, drawn, set_beside, tracked
from drol_jax.studio.rendered import source_of
from drol_jax.tracks.table import Row, TargetState
from drol_jax.video.images import SUFFIXES, natural

SURE = 0.5
"""Confidence from which a box counts as tracked."""
GROUNDTRUTH = "groundtruth"
"""What the groundtruth is called where it is compared with."""
NEAR = 1e-5
"""Difference of two scalars that are the same but for the rounding of float32."""


def is_run(path: Path) -> bool:
    """Whether it is the folder of a tracker that an evaluation has run, or one of its result files."""
    return (path.is_dir() and (path / "manifest.json").is_file()) or (
        path.suffix == ".txt" and (path.parent / "manifest.json").is_file()
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """A result file, with what it is of."""

    path: Path
    settings: Mapping[str, Any]
    """Of the run, by its manifest."""
    sequence: Sequence
    boxes: np.ndarray
    """float64 [T, 4] (x, y, w, h), pixels, 0-based: the tracker's."""
    truth: np.ndarray
    """Likewise, of the groundtruth."""
    signs: Signs

    @property
    def run(self) -> str:
        """Name of the tracker's folder."""
        return self.path.parent.name

    @property
    def rendered(self) -> str | None:
        """What a project calls the frames by where they are rendered; None where they are images."""
        told = self.settings["dataset"]
        if not datasets.built_in(told["name"]):
            return None
        return source_of(told["name"], int(told.get("seed") or 0), self.sequence.name)

    def track(self, film: Film, name: str, first: int) -> Track:
        """What the tracker found.

        Args:
          film: tells the times.
          name: of the target.
          first: frame of the film that the sequence begins with.
        """
        return _track(film, name, first, self.boxes, self.signs)

    def true_track(self, film: Film, name: str, first: int) -> Track:
        """The groundtruth, as `track`."""
        sure = Signs(np.ones(len(self.truth)), ("off",) * len(self.truth))
        return _track(film, name, first, self.truth, sure)


def read_result(path: Path, places: Places) -> Result:
    """Read a result file of a run, and its sequence.

    Args:
      places: folders that the dataset may lie in, beside $DROL_JAX_DATA, else ./data. Where it lay is written in the
        run too, but the page opens no folder that a file names.

    Raises:
      UserError: there is no dataset, or files do not fit it.
    """
    manifest = manifest_of(path.parent)
    if manifest is None:
        raise UserError(f"{path.parent}: its manifest.json cannot be read; track it again")
    settings = manifest["settings"]
    sequence, signs = _sequence(settings["dataset"], path.stem, places), _signs(path)
    boxes, truth = read_run(path).regions.boxes, own_boxes(sequence)
    if not len(boxes) == len(truth) == len(signs.verdicts):
        raise UserError(f"{path} has {len(boxes)} frames, the sequence {len(truth)}; track it again")
    shift = np.array([sequence.origin, sequence.origin, 0, 0])
    return Result(
        path=path, settings=settings, sequence=sequence, boxes=boxes - shift, truth=truth - shift, signs=signs
    )


def opened_run(path: Path, places: Places, setup: Setup) -> tuple[Project, Film]:
    """The project of a result file, or of a folder's first one. The groundtruth is kept to be compared with.

    Args:
      path: for which `is_run` holds.
      places: as in `read_result`.
      setup: of trackers to go on with, where the run's own is no configuration here.

    Raises:
      UserError: there is no result, its images are none or lie elsewhere, or what `read_result` raises.
    """
    folder = path if path.is_dir() else path.parent
    files = natural(folder.glob("*.txt"))
    if not files:
        raise UserError(f"{folder}: there is no finished sequence in this run")
    result = read_result(path if path.is_file() else files[0], places)
    setup, first = setup_of(result.settings, setup), 0
    if result.rendered is not None:
        project, film = named(result.rendered, setup)
    else:
        images, first = images_of(result.sequence)
        project, film = opened(images, setup)
    name = result.sequence.name
    video = replace(project.video, name=name)  # many are in folders called img
    project = replace(project, video=video, result=str(result.path.resolve()))
    project = drawn(project, name, first, _box(result.truth[0]) or (0.0, 0.0, 1.0, 1.0))
    project = tracked(project, {name: result.track(film, name, first)})
    return set_beside(project, {name: result.true_track(film, name, first)}, GROUNDTRUTH), film


def setup_of(settings: Mapping[str, Any], setup: Setup) -> Setup:
    """What a run tracked with: its configuration and the scalars that differ from it.

    Args:
      settings: of the run.
      setup: that is given back where the run's tracker is no configuration here.
    """
    try:
        defaults = load_settings(settings["tracker"]).hyper
    except UserError:
        return setup
    told = {name: value for name, value in settings.get("hyper", {}).items() if isinstance(value, int | float)}
    hyper = {name: float(f"{value:.6g}") for name, value in told.items() if hasattr(defaults, name)}
    other = {name: value for name, value in hyper.items() if abs(value - float(getattr(defaults, name))) > NEAR}
    online = settings.get("config", {}).get("online", {}).get("enabled", setup.online)
    return replace(setup, config=settings["tracker"], online=bool(online), hyper=other)


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


def images_of(sequence: Sequence) -> tuple[Path, int]:
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
