"""PySOT's training data: images of 511 x 511 with the target in the middle, and one JSON file of boxes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from drol_jax.errors import UserError, reason
from drol_jax.image.frames import read
from drol_jax.system import reading
from drol_jax.train.pairs.disk import Clip, Draws, FromDisk, Track
from drol_jax.train.pairs.disk_cut import CutSettings, Sighting, context_side

SIDE = 511
EXEMPLAR = 127
"""Pixels that a target with its context has in the images."""
_MOST = 4 * 2**30  # bytes; that of YouTube-BoundingBoxes has more than one thousand million


@dataclass(frozen=True, kw_only=True)
class Crop511Settings:
    """One dataset, made ready by PySOT's `par_crop.py` and `gen_json.py`."""

    folder: str
    """Folder of the images, such as training_dataset/vid/crop511."""
    annotation: str
    """The JSON file, such as training_dataset/vid/train.json."""
    frame_range: int = 100
    """Largest distance of a pair's frames, by their numbers. PySOT: VID 100, YouTube-BB 3, COCO and DET 1."""
    cut: CutSettings = field(default_factory=CutSettings)


def crop511(
    settings: Crop511Settings,
    batch_size: int,
    exemplar: int = 127,
    instance: int = 287,
    seed: int = 0,
    workers: int = 4,
) -> FromDisk:
    """The dataset's pairs.

    Raises:
      UserError: the folder or the annotation is missing, of another form, or without a box.
    """
    draws = Draws(
        frame_range=settings.frame_range,
        cut=settings.cut,
        batch_size=batch_size,
        exemplar=exemplar,
        instance=instance,
        seed=seed,
    )
    return FromDisk(list_crop511(Path(settings.folder), Path(settings.annotation)), draws, workers=workers)


def list_crop511(folder: Path, annotation: Path) -> list[Track]:
    """The annotation's tracks; no image is opened.

    Args:
      folder: images are at VIDEO/FRAME.TRACK.x.jpg, frames of six digits, tracks of two.
      annotation: JSON ``{video: {track: {frame: [x1, y1, x2, y2]}}}`` in pixels of the uncut image; or [w, h].

    Raises:
      UserError: the folder or the file is missing; the file is of another form, or holds no box with an area.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder of cut images; make it with PySOT's par_crop.py or mend the path")
    tracks = [
        Track(video=video, open=partial(_clip, folder / video, track, numbers, sizes))
        for video, track, numbers, sizes in _tracks(annotation)
    ]
    if not tracks:
        raise UserError(f"{annotation}: holds no box with an area; write it again with PySOT's gen_json.py")
    return tracks


def _tracks(path: Path) -> Iterator[tuple[str, str, np.ndarray, np.ndarray]]:
    """(video, track, frames' numbers int [n], sizes float64 [n, 2] (w, h) in the uncut image), n >= 1."""
    for video, tracks in _items(path, _content(path), "file"):
        for track, frames in _items(path, tracks, f"video {video}"):
            known = {}
            for number, box in _items(path, frames, f"video {video}, track {track}"):
                if number.isdigit():  # PySOT passes over what else there is, such as "meta"
                    known[int(number)] = _size(path, box, f"video {video}, track {track}, frame {number}")
            numbers = sorted(number for number, size in known.items() if min(size) > 0)
            if numbers:
                yield video, track, np.array(numbers), np.array([known[number] for number in numbers])


def _content(path: Path) -> Any:
    try:
        return reading.document(path, _MOST)
    except FileNotFoundError:
        raise UserError(f"{path}: no such annotation; write it with PySOT's gen_json.py or mend the path") from None
    except OSError as error:
        raise UserError(f"{path}: annotation cannot be read ({reason(error)}); check the file") from None
    except ValueError as error:
        raise UserError(f"{path}: not JSON ({error}); write it again with PySOT's gen_json.py") from None


def _items(path: Path, value: Any, what: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        raise UserError(
            f"{path}: {what} is {type(value).__name__}; the form is {{video: {{track: {{frame: [x1, y1, x2, y2]}}}}}}"
        )
    yield from value.items()


def _size(path: Path, box: Any, what: str) -> tuple[float, float]:
    try:
        numbers = [float(number) for number in box]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) not in (2, 4) or not np.isfinite(numbers).all():
        raise UserError(f"{path}: {what} is {box!r}; give four numbers [x1, y1, x2, y2], or two [w, h]")
    w, h = numbers if len(numbers) == 2 else (numbers[2] - numbers[0], numbers[3] - numbers[1])
    return w, h


def _clip(folder: Path, track: str, numbers: np.ndarray, sizes: np.ndarray) -> Clip:
    def sighting(i: int) -> Sighting:
        path = folder / f"{numbers[i]:06d}.{track}.x.jpg"
        image = read(path)
        if image.shape[:2] != (SIDE, SIDE):
            raise UserError(f"{path}: {image.shape[1]}x{image.shape[0]} pixels, not {SIDE}x{SIDE}; cut it again")
        size = sizes[i] * (EXEMPLAR / context_side(sizes[i]))
        return Sighting(image=image, box=np.concatenate([(SIDE - size) / 2, size]))

    return Clip(numbers=numbers, read=sighting)
