"""Start boxes in Label Studio JSON: the first visible keyframe of each video region, or the regions of an image.

Frames count from 1 there, boxes are percent of the image. Annotations of people come before predictions. Names come
from the labels. A file of several tasks holds the one whose video or image has the video's name.
"""

from pathlib import PurePath
from typing import Any
from urllib.parse import unquote

from drol_jax.errors import UserError
from drol_jax.tracks.starts.fields import box_of, field, integer, objects, parsed, real
from drol_jax.tracks.starts.start import Box, Kind, Source, Start, distinct
from drol_jax.tracks.table import Video

MOVING, STILL = "videorectangle", "rectanglelabels"
"""Types of regions that are read."""


def _recognises(text: str) -> bool:
    content = parsed(text)
    tasks = content if isinstance(content, list) else [content]
    return bool(tasks) and all(isinstance(task, dict) and isinstance(task.get("data"), dict) for task in tasks)


def _read(source: Source) -> list[Start]:
    content = parsed(source.text)
    place, task = _task(content if isinstance(content, list) else [content], source.video)
    found: list[tuple[Start, str]] = []
    for region in _regions(place, task):
        where = f"{place}, region {region.get('id')!r}"
        value = field(where, region, "value")
        if region.get("type") == MOVING:
            shown = [_keyframe(where, entry, source.video) for entry in objects(where, value, "sequence")]
            if shown:
                found.append((min(shown, key=lambda start: start.frame), _label(value.get("labels"))))
        elif region.get("type") == STILL:
            found.append((Start(0, None, _box(where, value, source.video), where), _label(value.get(STILL))))
    names = distinct([label for _, label in found])
    return [
        Start(start.frame, name if label else None, start.box, start.where)
        for (start, label), name in zip(found, names, strict=True)
    ]


def _task(tasks: list[dict[str, Any]], video: Video) -> tuple[str, dict[str, Any]]:
    told = [(f"task {number}", task) for number, task in enumerate(tasks, 1)]
    if len(told) == 1:
        return told[0]
    stem = PurePath(video.name).stem
    fitting = [pair for pair in told if any(_stem(value).endswith(stem) for value in pair[1]["data"].values())]
    if len(fitting) != 1:
        raise UserError(f"task 1: {len(told)} tasks, {len(fitting)} of them of {video.name}; export that one alone")
    return fitting[0]


def _stem(address: object) -> str:
    return PurePath(unquote(str(address))).stem


def _regions(place: str, task: dict[str, Any]) -> list[dict[str, Any]]:
    for key in ("annotations", "predictions"):
        given = objects(place, task, key) if key in task else []
        kept = [entry for entry in given if not entry.get("was_cancelled")]
        if kept:
            return objects(place, kept[0], "result")
    return []


def _keyframe(where: str, entry: dict[str, Any], video: Video) -> Start:
    frame = integer(where, "frame", field(where, entry, "frame"))
    if frame < 1:
        raise UserError(f"{where}: frame {frame}; frames of Label Studio count from 1")
    return Start(frame - 1, None, _box(where, entry, video), where)


def _box(where: str, entry: dict[str, Any], video: Video) -> Box:
    """The box in pixels."""
    if real(where, "rotation", entry.get("rotation", 0)):
        raise UserError(f"{where}: the box is rotated by {entry['rotation']} degrees; draw an upright one")
    x, y, w, h = box_of(where, [field(where, entry, key) for key in ("x", "y", "width", "height")])
    return x * video.width / 100, y * video.height / 100, w * video.width / 100, h * video.height / 100


def _label(labels: Any) -> str:
    return str(labels[0]) if isinstance(labels, list) and labels else ""


KIND = Kind("Label Studio", _recognises, _read)
