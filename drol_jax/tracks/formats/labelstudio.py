"""Label Studio: a task with the tracks as predictions (JSON), and the labelling interface that it needs (XML).

Frames count from 1, boxes are percent of the image and clipped to it, a box wholly outside is as not seen. `enabled`
is false at the last frame before a target is lost, which hides it from the next frame on. The `framerate` in the XML is
the video's; where it has none, the mean rate of the tracked frames, 1 where there are none. A target's name is its
label. The task's video is `/data/local-files/?d=videos/NAME`: the server serves no file that lies in its document root
itself, but in folders below it. Write another address there if it is served from elsewhere.
Label Studio has no frames of unequal length: a film of variable rate must be written at a constant one first.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from drol_jax.tracks.formats.cvat import attribute
from drol_jax.tracks.formats.interface import Document
from drol_jax.tracks.formats.layout import PARTS, SECONDS, by_target, length, seen, tidy
from drol_jax.tracks.table import Row, Video

PERCENT = 5
"""Decimals of percent: a thousandth of a pixel at a width of 10000."""
BOX, VIDEO, LABELS = "box", "video", "videoLabels"
"""Names of the parts of the labelling interface."""
FOLDER = "videos"
"""Of the video, below the server's document root."""


def _document(video: Video, rows: Sequence[Row]) -> tuple[str, ...]:
    targets, frames, rate = by_target(rows), length(video, rows), _rate(video, rows)
    shown = {name: [_clipped(row, video) for row in found] for name, found in targets.items()}
    results = [
        _region(number, name, found, frames, frames / rate, video)
        for number, (name, found) in enumerate(shown.items(), 1)
        if any(row.box is not None for row in found)
    ]
    prediction = {
        "model_version": "drol_jax",
        "score": _mean(rows),
        "result": results,
    }
    address = f"/data/local-files/?d={FOLDER}/{quote(video.name)}"
    task = {"data": {"video": address}, "predictions": [prediction]}
    return json.dumps([task], ensure_ascii=False, allow_nan=False) + "\n", _interface(list(targets), rate)


def _region(number: int, name: str, rows: list[Row], frames: int, duration: float, video: Video) -> dict[str, Any]:
    sequence = [_keyframe(row, video, enabled=not ends or row.frame + 1 == frames) for row, ends in seen(rows)]
    return {
        "id": f"target{number}",
        "type": "videorectangle",
        "from_name": BOX,
        "to_name": VIDEO,
        "origin": "prediction",
        "score": _mean(rows),
        "value": {
            "framesCount": frames,
            "duration": tidy(duration, SECONDS),
            "labels": [name],
            "sequence": sequence,
        },
    }


def _keyframe(row: Row, video: Video, *, enabled: bool) -> dict[str, Any]:
    x, y, w, h = row.box or (0.0, 0.0, 0.0, 0.0)
    left, top = tidy(100 * x / video.width, PERCENT), tidy(100 * y / video.height, PERCENT)
    return {
        "frame": row.frame + 1,
        "enabled": enabled,
        "rotation": 0,
        "x": left,
        "y": top,
        "width": tidy(min(100 * w / video.width, 100 - left), PERCENT),
        "height": tidy(min(100 * h / video.height, 100 - top), PERCENT),
        "time": tidy(row.time, SECONDS),
    }


def _clipped(row: Row, video: Video) -> Row:
    """The row with its box cut to the image; without one where nothing is left."""
    if row.box is None:
        return row
    x, y, w, h = row.box
    left, top = max(x, 0.0), max(y, 0.0)
    right, bottom = min(x + w, float(video.width)), min(y + h, float(video.height))
    inside = right > left and bottom > top
    return replace(row, box=(left, top, right - left, bottom - top) if inside else None)


def _mean(rows: Sequence[Row]) -> float:
    scores = [row.confidence for row in rows if row.box is not None]
    return tidy(sum(scores) / len(scores) if scores else 0.0, PARTS)


def _rate(video: Video, rows: Sequence[Row]) -> float:
    if video.rate:
        return float(video.rate)
    first, last = (rows[0], rows[-1]) if rows else (None, None)
    if first and last and last.time > first.time:
        return (last.frame - first.frame) / (last.time - first.time)
    return 1.0


def _interface(names: list[str], rate: float) -> str:
    labels = [f"    <Label value={attribute(name)}/>" for name in names]
    lines = [
        "<View>",
        f'  <Labels name="{LABELS}" toName="{VIDEO}">',
        *labels,
        "  </Labels>",
        f'  <Video name="{VIDEO}" value="$video" framerate="{tidy(rate, SECONDS)}"/>',
        f'  <VideoRectangle name="{BOX}" toName="{VIDEO}"/>',
        "</View>",
    ]
    return "\n".join(lines) + "\n"


FORMAT = Document(suffixes=(".labelstudio.json", ".labelstudio.xml"), document=_document)
