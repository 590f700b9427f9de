"""COCO JSON with the keys of COCO-VID, of boxes (`coco`) and of masks (`masks`).

`videos`, `images` (a frame that was tracked each; `frame_id` counts from 0), `categories` and `tracks` (one of each a
target, its name as the category), `annotations` with `bbox`, `area`, `iscrowd` 0, `track_id` and `instance_id` (equal),
`score` and `state`. Boxes are not clipped. Ids are from 1. `coco` has a polygon each as its segmentation: the mask's
rotated box where there is one, else the box. `masks` has run-length masks, and only the rows that have one. Images of a
film are named `STEM/000000.jpg` by the frame's number from 0.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any

from drol_jax.tracks import rle
from drol_jax.tracks.formats.interface import Document
from drol_jax.tracks.formats.layout import PARTS, PIXELS, SECONDS, numbered, tidy
from drol_jax.tracks.table import Row, Video

_Shape = tuple[object, float]
"""Segmentation and area."""


def _boxes(video: Video, rows: Sequence[Row]) -> tuple[str, ...]:
    return (_document(video, rows, _outlined),)


def _masks(video: Video, rows: Sequence[Row]) -> tuple[str, ...]:
    return (_document(video, rows, lambda row: _masked(row, video)),)


def _document(video: Video, rows: Sequence[Row], shape: Callable[[Row], _Shape | None]) -> str:
    frames = dict.fromkeys(row.frame for row in rows)
    times = {row.frame: row.time for row in rows}
    images = {frame: number for number, frame in enumerate(frames, 1)}
    ids = numbered(rows)
    annotations = [
        {"id": 0, "image_id": images[row.frame], **_annotation(row, ids[row.name], row.box, found)}
        for row in rows
        if row.box is not None and (found := shape(row)) is not None
    ]
    for number, annotation in enumerate(annotations, 1):
        annotation["id"] = number
    size = {"width": video.width, "height": video.height}
    content = {
        "videos": [{"id": 1, "name": video.name, **size}],
        "images": [
            {"id": number, "video_id": 1, "frame_id": frame, "file_name": image_name(video, frame)}
            | size
            | {"time": tidy(times[frame], SECONDS)}
            for frame, number in images.items()
        ],
        "categories": [{"id": number, "name": name, "supercategory": "target"} for name, number in ids.items()],
        "tracks": [{"id": number, "category_id": number, "video_id": 1, "name": name} for name, number in ids.items()],
        "annotations": annotations,
    }
    return json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n"


def image_name(video: Video, frame: int) -> str:
    """File name of a frame: the image's own, or of a film what its frames are called when they are written out."""
    return video.images[frame] if frame < len(video.images) else f"{PurePath(video.name).stem}/{frame:06d}.jpg"


def _annotation(row: Row, number: int, box: tuple[float, ...], shape: _Shape) -> dict[str, Any]:
    segmentation, area = shape
    return {
        "video_id": 1,
        "category_id": number,
        "track_id": number,
        "instance_id": number,
        "bbox": [tidy(value, PIXELS) for value in box],
        "segmentation": segmentation,
        "area": tidy(area, PIXELS),
        "iscrowd": 0,
        "score": tidy(row.confidence, PARTS),
        "state": row.state.value,
    }


def _outlined(row: Row) -> _Shape | None:
    if row.box is None:
        return None
    x, y, w, h = row.box
    corners = row.polygon or (x, y, x + w, y, x + w, y + h, x, y + h)
    points = list(zip(corners[::2], corners[1::2], strict=True))
    turned = zip(points, points[1:] + points[:1], strict=True)
    area = abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in turned)) / 2
    return [[tidy(value, PIXELS) for value in corners]], area


def _masked(row: Row, video: Video) -> _Shape | None:
    if row.mask is None:
        return None
    return {"size": [video.height, video.width], "counts": row.mask}, rle.area(row.mask)


BOXES = Document(suffixes=(".coco.json",), document=_boxes)
MASKS = Document(suffixes=(".masks.json",), document=_masks, masks=True)
