"""`Scene`: what stood in the image while a target was still seen elsewhere; it is not that target, come back.

A network that knows a target by a few pixels takes a tree or a parked car for it, once it has left. Such things stand
where they stood. Where the camera moves nothing stands, and nothing is ruled out.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from drol_jax.image.boxes import overlap

SIDE = 160
"""Longer side of the small image, pixels."""
SAME = 6.0
"""Mean difference of two patches, grey levels, under which they show the same thing. Noise of a camera lies below it,
as small images are averages."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Scene:
    """The frame in which a target was last seen."""

    grey: np.ndarray
    """uint8 [h, w], small."""
    box: np.ndarray
    """float64 [4], the target in it, pixels of the frames as they are given."""


def small(image: np.ndarray) -> np.ndarray:
    """An image uint8 RGB [H, W, 3] in grey, uint8 [h, w], its longer side `SIDE` pixels."""
    height, width = image.shape[:2]
    by = SIDE / max(height, width)
    size = max(1, round(width * by)), max(1, round(height * by))
    return cv2.cvtColor(cv2.resize(image, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)


def stood(scene: Scene | None, now: np.ndarray, boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """bool [K]: which boxes [K, 4] show what was there while the target was seen elsewhere.

    Args:
      scene: None rules nothing out, nor does one of another size.
      now: `small` of this frame.
      size: (height, width) of the frame.
    """
    if scene is None or scene.grey.shape != now.shape:
        return np.zeros(len(boxes), bool)
    changed = np.abs(scene.grey.astype(np.float32) - now)
    by = now.shape[1] / size[1], now.shape[0] / size[0]
    elsewhere = overlap(boxes, scene.box) == 0
    return elsewhere & np.array([_mean(changed, box * [*by, *by]) < SAME for box in boxes])


def _mean(values: np.ndarray, box: np.ndarray) -> float:
    """Mean of an image within a box, of its nearest pixel where it holds none."""
    height, width = values.shape
    left, right = _cut(box[0], box[2], width)
    top, bottom = _cut(box[1], box[3], height)
    return float(values[top:bottom, left:right].mean())


def _cut(start: float, extent: float, length: int) -> tuple[int, int]:
    low = int(np.clip(round(start), 0, length - 1))
    return low, int(np.clip(round(start + extent), low + 1, length))
