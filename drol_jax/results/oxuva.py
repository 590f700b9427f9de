"""OxUvA's result files: a line a frame with presence, score and corners in shares of the image.

``{video}_{object}.csv`` with the columns video, object, frame_num, present, score, xmin, xmax, ymin, ymax, with or
without a line of heads. Source: oxuva/long-term-tracking-benchmark at fd49bed27a, README.md and
``python/oxuva/io_pred.py``, ``assess.py`` (where a frame has no line, the one before counts).
"""

import csv
import io
from pathlib import Path

import numpy as np

from drol_jax.datasets.oxuva import UNIT, first_number
from drol_jax.datasets.sequence import Sequence
from drol_jax.errors import UserError
from drol_jax.image.frames import read
from drol_jax.metrics.regions import Regions
from drol_jax.results.formats import read_run
from drol_jax.results.numbers import text_of
from drol_jax.results.runs import Run

HEADS = ("video", "object", "frame_num", "present", "score", "xmin", "xmax", "ymin", "ymax")
_PRESENCE: dict[str, bool] = dict.fromkeys(("present", "t", "true", "y", "yes", "1"), True)
_PRESENCE |= dict.fromkeys(("absent", "f", "false", "n", "no", "0"), False)
_PIXELS = 10.0
"""Corners farther out than that are no shares of an image."""


def read_of(sequence: Sequence, path: Path, *, regions: bool = False) -> Run:
    """Read a result file of a sequence, of any toolkit's form, in the sequence's own coordinates.

    Args:
      sequence: where it is one of OxUvA's whose images' size is not known, boxes are shares of the image.
      regions: as in `drol_jax.results.formats.read_run`.

    Raises:
      UserError: the file is unreadable or of another form; of OxUvA's: it is of another track, begins after the first
        label, or holds pixels and no image is there to tell its size.
    """
    if path.suffix.lower() == ".csv" and _is_predictions(text_of(path)):
        return _read(path, sequence)
    run = read_run(path, regions=regions)
    if sequence.size != UNIT or not len(run.regions):
        return run
    try:
        height, width, _ = read(sequence.frames[0]).shape
    except UserError as error:
        told = f"{path}: boxes are in pixels and labels in shares of the image, whose size nobody tells ({error})"
        raise UserError(f"{told}; put the images there") from error
    return Run(Regions.from_boxes(run.regions.boxes / (width, height, width, height)), run.times, run.confidence)


def spelled(sequence: Sequence, regions: Regions) -> str:
    """The text of a result file of a track.

    Args:
      regions: T frames, boxes in pixels, no box where the tracker says that the target is absent.
    """
    assert sequence.size is not None
    video, _, target = sequence.name.rpartition("_")
    first, (height, width) = first_number(sequence), sequence.size
    lines = [",".join(HEADS)]
    for frame, (box, present) in enumerate(zip(regions.boxes, regions.is_box, strict=True)):
        x, y, w, h = box if present else (0.0, 0.0, 0.0, 0.0)
        corners = (x / width, (x + w) / width, y / height, (y + h) / height)
        shares = ",".join(f"{corner:.8f}" for corner in corners)
        lines.append(f"{video},{target},{first + frame},{str(bool(present)).lower()},{float(present):.1f},{shares}")
    return "\n".join(lines) + "\n"


def _is_predictions(text: str) -> bool:
    words = [word.strip() for word in text.partition("\n")[0].split(",")]
    heads = {word.removesuffix("_id") for word in words} == set(HEADS)
    return heads or (len(words) == len(HEADS) and words[3].lower() in _PRESENCE)


def _read(path: Path, sequence: Sequence) -> Run:
    frames, present, boxes = _lines(path, sequence.name)
    first, count = first_number(sequence), len(sequence)
    place = np.searchsorted(frames, np.arange(first, first + count), side="right") - 1
    labels = np.asarray(~np.isnan(sequence.boxes).any(1) | (False if sequence.absent is None else sequence.absent))
    labels[:1] = False
    if (labels & (place < 0)).any():
        frame = first + int(np.argmax(labels & (place < 0)))
        raise UserError(f"{path}: begins with frame {frames[0]}, and {frame} is labelled; track it from {first + 1} on")
    table = np.where(present[place][:, None], boxes[place], np.nan)
    height, width = sequence.size or UNIT
    table = table * (width, height, width, height)
    if place[0] < 0 or np.isnan(table[0]).any():
        table[0] = sequence.boxes[0]  # given
    without = labels & (frames[place] != np.arange(first, first + count))
    remark = f"{int(without.sum())} of {int(labels.sum())} labelled frames have no line" if without.any() else ""
    table[np.flatnonzero(place < 0)[1:]] = np.nan
    return Run(Regions.from_boxes(table), remark=remark)


def _lines(path: Path, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Frames [K] in rising order, presence [K] and boxes (x, y, w, h) [K, 4] in shares of the image."""
    found: dict[int, tuple[bool, tuple[float, ...]]] = {}
    heads = HEADS
    for number, row in enumerate(csv.reader(io.StringIO(text_of(path))), 1):
        words = [word.strip() for word in row]
        named = {word.removesuffix("_id") for word in words}
        if number == 1 and named == set(HEADS):
            heads = tuple(word.removesuffix("_id") for word in words)
            continue
        where = f"{path}, line {number}"
        if len(words) != len(heads):
            raise UserError(f"{where}: {len(words)} columns, wanted {', '.join(HEADS)}; mend the line")
        told = dict(zip(heads, words, strict=True))
        if f"{told['video']}_{told['object']}" != name:
            other = f"{told['video']} {told['object']}"
            raise UserError(f"{where}: is of {other}, and the file of {name}; rename or mend it")
        try:
            frame, present = int(told["frame_num"]), _PRESENCE[told["present"].lower()]
            corners = [float(told[head]) for head in HEADS[5:]] if present else [0.0] * 4
        except (ValueError, KeyError) as error:
            raise UserError(f"{where}: {error} is no number, or no word of presence; mend the line") from None
        if not np.isfinite(corners).all() or np.abs(corners).max() > _PIXELS:
            raise UserError(f"{where}: corners {corners} are no shares of the image, 0 to 1; divide pixels by its size")
        left, right, top, bottom = corners
        entry = present, (left, top, right - left, bottom - top)
        if found.setdefault(frame, entry) != entry:
            raise UserError(f"{where}: frame {frame} has another line that differs; keep one")
    if not found:
        raise UserError(f"{path} is empty; track it again")
    frames = sorted(found)
    return np.array(frames), np.array([found[f][0] for f in frames]), np.array([found[f][1] for f in frames])
