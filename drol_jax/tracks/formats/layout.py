"""The table seen from a document: rows of each target, stretches in which it is seen, the length of the video."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from drol_jax.tracks.table import Row, Video

PIXELS, PARTS, SECONDS = 3, 4, 6
"""Decimals of pixels, of confidences and of times in all formats that do not ask for others."""


def tidy(value: float, decimals: int) -> float:
    """A number rounded, without a negative zero."""
    return round(float(value), decimals) + 0.0


def rounded(row: Row) -> Row:
    """The row as our own lines hold it, so that all that is made of it is the same before and after it was read."""
    polygon = None if row.polygon is None else tuple(tidy(value, PIXELS) for value in row.polygon)
    box = None
    if row.box is not None:
        x, y, w, h = (tidy(value, PIXELS) for value in row.box)
        box = (x, y, w, h)
    time, confidence = tidy(row.time, SECONDS), tidy(row.confidence, PARTS)
    return replace(row, time=time, box=box, confidence=confidence, polygon=polygon)


def numbered(rows: Sequence[Row]) -> dict[str, int]:
    """Numbers of targets, from 1, by name, in the order of their first row."""
    return {name: number for number, name in enumerate(dict.fromkeys(row.name for row in rows), 1)}


def by_target(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows of each target in the order of frames; targets in the order of their first row."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.name, []).append(row)
    return found


def seen(rows: Sequence[Row]) -> list[tuple[Row, bool]]:
    """Rows of one target that hold a box, each with whether the target's next row does not, or there is none."""
    ended = [after.box is None for _, after in pairwise(rows)] + [True]
    return [(row, ends) for row, ends in zip(rows, ended, strict=False) if row.box is not None]


def length(video: Video, rows: Sequence[Row]) -> int:
    """Frames of the video; where that is not known or is less than what was tracked, up to the last that was."""
    return max(video.frames or 0, max((row.frame for row in rows), default=-1) + 1)
