"""A small table of tracks with everything that is hard to write: a gap, an end, an overlap, a mask, an odd name."""

from fractions import Fraction

import numpy as np

from drol_jax.tracks import rle
from drol_jax.tracks.table import Row, TargetState, Video

ODD = '=Ö\'Neil, "<b>"\n& 日本'
"""A name with all that some format has to escape."""
VIDEO = Video(name="match.mp4", width=320, height=192, rate=Fraction(30000, 1001), frames=12)
FRAMES = 12


def mask_of(frame: int) -> np.ndarray:
    """bool [192, 320], another one each frame."""
    mask = np.zeros((VIDEO.height, VIDEO.width), bool)
    mask[20:50, 10:50] = np.random.default_rng(frame).random((30, 40)) > 0.6
    return mask


def row(frame: int, name: str = "anna", **other) -> Row:
    """A row of a target that is seen, with other fields where they are told."""
    fields = {"box": (10.0 + frame, 20.0, 40.0625, 30.5), "confidence": 0.875, "state": TargetState.TRACKED}
    return Row(frame=frame, time=frame * 1001 / 30000, name=name, **{**fields, **other})


def table() -> list[list[Row]]:
    """Rows by frame. anna: lost in 4 to 6, occluded at 9, seen at the end. ODD: from 2 to 7, then out of view."""
    frames = []
    for frame in range(FRAMES):
        rows = [row(frame, mask=rle.encode(mask_of(frame)), polygon=(10.0, 20.0, 50.0, 22.0, 48.0, 52.0, 8.0, 50.0))]
        if 4 <= frame < 7:
            rows = [row(frame, box=None, state=TargetState.LOST, confidence=0.125)]
        if frame == 7:
            rows = [row(frame, state=TargetState.FOUND_AGAIN, overlap=(ODD, "a;b"))]
        if frame == 9:
            rows = [row(frame, state=TargetState.OCCLUDED)]
        if 2 <= frame < 8:
            rows.append(row(frame, ODD, box=(-5.0, 150.0, 30.0, 60.0)))
        elif frame >= 8:
            rows.append(row(frame, ODD, box=None, state=TargetState.OUT_OF_VIEW))
        frames.append(rows)
    return frames


def seen() -> dict[tuple[int, str], tuple[float, ...]]:
    """Boxes of the table, by frame and name."""
    return {(row.frame, row.name): row.box for rows in table() for row in rows if row.box is not None}
