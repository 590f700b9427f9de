"""Tracks as a recording of rerun (https://rerun.io), a viewer of what happens over time (rerun-sdk 0.41)."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from drol_jax.tracks.formats.layout import numbered
from drol_jax.tracks.table import Row

PICTURE = "video"
QUALITY = 80
"""Of the JPEG pictures."""


def record(rerun: Any, path: Path, rows: Sequence[Row], images: Iterable[tuple[int, np.ndarray]] = ()) -> None:
    """Write a recording: a box and a curve of confidence for each target, on the time line `frame`.

    Args:
      rerun: the module.
      rows: a lost target's box is cleared, as the viewer else goes on with the last.
      images: (number, uint8 RGB [H, W, 3]) of the frames to lay under the boxes.
    """
    stream = rerun.RecordingStream("drol_jax")
    stream.save(str(path))
    for number, image in images:
        stream.set_time("frame", sequence=number)
        stream.log(PICTURE, rerun.Image(image).compress(jpeg_quality=QUALITY))
    ids = numbered(rows)
    for row in rows:
        stream.set_time("frame", sequence=row.frame)
        place = f"{PICTURE}/target{ids[row.name]}"
        if row.box is None:
            stream.log(place, rerun.Clear(recursive=False))
        else:
            boxes = rerun.Boxes2D(
                array=[row.box],
                array_format=rerun.Box2DFormat.XYWH,
                labels=[f"{row.name} {row.confidence:.2f}"],
                class_ids=[ids[row.name]],
            )
            stream.log(place, boxes)
        stream.log(f"confidence/target{ids[row.name]}", rerun.Scalars(row.confidence))
    stream.disconnect()
