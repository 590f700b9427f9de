"""Frames as messages for the live page: a description in JSON, then the picture."""

import base64
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from drol_jax.show.newest import News, ScoreMap, Shown
from drol_jax.system.opencv import cv2

QUALITY = 80
"""Of pictures, in per cent."""
LONGEST_SIDE = 1280
"""Pixels of a picture; larger frames are sent smaller."""


def jpeg(image: np.ndarray) -> bytes:
    """A frame for the page.

    Args:
      image: uint8 RGB [H, W, 3].

    Returns:
      JPEG of at most 1280 pixels a side.
    """
    height, width = image.shape[:2]
    shrink = LONGEST_SIDE / max(height, width)
    if shrink < 1:
        size = max(1, round(width * shrink)), max(1, round(height * shrink))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[
        1
    ].tobytes()


def message(news: News, colour: Callable[[str], str], picture: bytes, scores: bool) -> bytes:
    """What a page gets: length of the JSON text (4 bytes, least first), the text, the picture.

    Args:
      news: what the page lacks.
      colour: of a target by its name, for CSS.
      picture: the newest frame's; empty where there is no newer one.
      scores: whether the score maps are wanted.
    """
    told: dict[str, Any] = {
        "ended": news.ended,
        "rate": round(news.rate, 2),
        "past": [_moment(shown) for shown in news.past],
        "newest": None if news.shown is None else _described(news.shown, colour, scores),
    }
    text = json.dumps(told, allow_nan=False).encode()
    return len(text).to_bytes(4, "little") + text + picture


def _moment(shown: Shown) -> list[Any]:
    return [shown.frame.time, [[row.name, _number(row.confidence), row.state.value] for row in shown.rows]]


def _described(shown: Shown, colour: Callable[[str], str], scores: bool) -> dict[str, Any]:
    height, width = shown.frame.image.shape[:2]
    targets = [
        {
            "name": row.name,
            "colour": colour(row.name),
            "state": row.state.value,
            "confidence": _number(row.confidence),
            "box": _placed(row.box, shown.scale),
            "polygon": _placed(row.polygon, shown.scale),
            "overlap": row.overlap,
        }
        for row in shown.rows
    ]
    return {
        "serial": shown.serial,
        "number": shown.frame.number,
        "time": round(shown.frame.time, 3),
        "size": [width, height],
        "targets": targets,
        "maps": len(shown.scores),
        "scores": [_map(one, shown.scale) for one in shown.scores.values()] if scores else [],
    }


def _placed(values: tuple[float, ...] | None, scale: float) -> list[float] | None:
    """Pixels of the source as pixels of the image; None also where one is not finite."""
    if values is None or not all(map(math.isfinite, values)):
        return None
    return [round(value * scale, 2) for value in values]


def _map(score: ScoreMap, scale: float) -> dict[str, Any]:
    """A score map in 256 steps from 0 to 1."""
    values = np.nan_to_num(np.asarray(score.values, np.float32), nan=0.0, posinf=1.0, neginf=0.0)
    steps = (np.clip(values, 0, 1) * 255).round().astype(np.uint8)
    return {
        "rows": steps.shape[0],
        "columns": steps.shape[1],
        "steps": base64.b64encode(steps.tobytes()).decode(),
        "box": _placed(score.box, scale),
    }


def _number(value: float) -> float | None:
    return round(float(value), 4) if math.isfinite(value) else None
