"""Boxes in another form than x, y, w, h: told by the first lines, near the start box, or by all. Needs no jax."""

from pathlib import Path
from typing import Any

import numpy as np

from drol_jax.errors import UserError
from drol_jax.image.boxes import overlap

_CLOSE = 1.01
"""Pixels by which two spellings of one box may differ: programs count them from 0 or 1, and sizes with the last pixel
or without."""

_MEETS = 0.5
"""Mean overlap with the groundtruth that no other form of the same numbers reaches by chance."""
_FEWEST = 5
"""Boxes from which such a mean tells something."""
_FOLLOWING = 5
"""Lines after the first that have to be nearer the start box in the other form."""


def check_form(path: Path, boxes: np.ndarray, groundtruth: np.ndarray) -> None:
    """Raise a UserError where a file's boxes are no x, y, w, h in pixels.

    Args:
      path: for the message.
      boxes: [P, 4] as read; NaN where a line holds none.
      groundtruth: [T, 4] (x, y, w, h), in the file's own pixel origin.
    """
    if np.isinf(boxes).any():
        line = 1 + int(np.argmax(np.isinf(boxes).any(1)))
        raise UserError(f"{path}, line {line}: {boxes[line - 1].tolist()} is no box; mend the line")
    known = boxes[~np.isnan(boxes).any(1)]
    if not len(known):
        raise UserError(f"{path} holds no box, NaN alone; track it again")
    start = groundtruth[0]
    check_course(path, boxes, groundtruth)
    if np.isnan(boxes[0]).any() or _alike(boxes[0], start):
        return
    x, y, w, h = start
    others = {
        "two corners x1,y1,x2,y2": (x, y, x + w, y + h),
        "centre and size": (x + w / 2, y + h / 2, w, h),
        "y,x,h,w": (y, x, h, w),
    }
    # Published files of SiamRPN have the first line alone as corners, and score as they are.
    following = known[1 : 1 + _FOLLOWING]
    for form, spelled in others.items():
        if _alike(boxes[0], np.array(spelled)) and _off(following, spelled) <= _off(following, start):
            told = f"the first line, {boxes[0].tolist()}, is the start box {start.tolist()} as {form}"
            raise UserError(f"{path}: {told}; write every box as x,y,w,h")


def check_course(path: Path, boxes: np.ndarray, groundtruth: np.ndarray) -> None:
    """Raise a UserError where boxes are shares of the image, or lie on the target in another form alone.

    Args:
      boxes: [P, 4]; NaN where a line holds a code or something else.
      groundtruth: [T, 4] (x, y, w, h), in the file's own pixel origin.
    """
    known = boxes[np.isfinite(boxes).all(1)]
    if len(known) and (groundtruth[0, 2:] > 2).all() and known.min() >= 0 and known.max() <= 1:
        raise UserError(f"{path}: every number lies between 0 and 1, which are shares of the image; give pixels")
    both = min(len(boxes), len(groundtruth))
    there = np.isfinite(np.hstack([boxes[:both], groundtruth[:both]])).all(1)
    given, truth = boxes[:both][there], groundtruth[:both][there]
    if len(given) < _FEWEST:
        return
    x, y, w, h = given.T
    others = {
        "two corners x1,y1,x2,y2": (x, y, w - x, h - y),
        "centre and size": (x - w / 2, y - h / 2, w, h),
        "y,x,h,w": (y, x, h, w),
    }
    as_given = _overlap(given, truth)
    for form, sides in others.items():
        meets = _overlap(np.stack(sides, 1), truth)
        if meets >= _MEETS and as_given < meets / 2:
            told = f"the boxes overlap the target by {meets:.2f} as {form}, and by {as_given:.2f} as x,y,w,h"
            raise UserError(f"{path}: {told}; write every box as x,y,w,h")


def _overlap(boxes: np.ndarray, truth: np.ndarray) -> float:
    """Mean overlap of boxes [N, 4] (x, y, w, h); 0 of those whose sides are negative, as of numbers in another form."""
    return float(np.mean(overlap(np.hstack([boxes[:, :2], np.maximum(boxes[:, 2:], 0)]), truth)))


def _off(boxes: np.ndarray, box: Any) -> float:
    """How far boxes lie from one, in the middle of them; 0 for none."""
    return float(np.median(np.abs(boxes - np.asarray(box)).max(1))) if len(boxes) else 0.0


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    return bool((np.abs(one - other) <= _CLOSE).all())
