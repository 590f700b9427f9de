"""What a page of start boxes sends, checked: names and boxes in pixels of the image."""

import json
import math
from collections.abc import Iterable
from typing import Any, NoReturn

Box = tuple[float, float, float, float]
"""(x, y, w, h), pixels, 0-based, continuous."""
LEAST_SIDE = 2.0
"""Pixels: less holds nothing to follow."""
LONGEST_NAME = 60
MOST = 100
"""Targets."""


def boxes_of(body: bytes, width: int, height: int, taken: Iterable[str] = ()) -> list[tuple[str, Box]]:
    """The targets of a page's answer, in its order.

    Args:
      body: JSON `{"targets": [{"name": text, "box": [x, y, w, h]}, ...]}`, boxes in pixels of the image.
      width, height: of the image, pixels.
      taken: names that other targets have.

    Returns:
      (name, box) of each; names without spaces about them, boxes cut to the image.

    Raises:
      ValueError: it is anything else, in words for the one who drew; a name is empty, too long or given twice; a box
        has no size or lies outside.
    """
    targets = _targets(body)
    if not 0 < len(targets) <= MOST:
        raise ValueError(f"draw at least one box, and at most {MOST}" if targets else "draw at least one box")
    used, found = set(taken), list[tuple[str, Box]]()
    for target in targets:
        name = _name(target.get("name"), used)
        used.add(name)
        found.append((name, _box(name, target.get("box"), width, height)))
    return found


def _targets(body: bytes) -> list[dict[str, Any]]:
    try:
        content = json.loads(body.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise ValueError("the page's answer is not JSON; reload the page") from None
    targets = content.get("targets") if isinstance(content, dict) else None
    if not isinstance(targets, list) or not all(isinstance(target, dict) for target in targets):
        raise ValueError("the page's answer has no list of targets; reload the page")
    return targets


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _name(given: object, used: set[str]) -> str:
    name = given.strip() if isinstance(given, str) else ""
    if not name:
        raise ValueError("a target has no name; give each one")
    if len(name) > LONGEST_NAME:
        raise ValueError(f"the name {name[:20]}... has {len(name)} letters; at most {LONGEST_NAME} fit")
    if not name.isprintable():
        raise ValueError(f"the name {name!a} holds something that is no letter; type it again")
    if name in used:
        raise ValueError(f"the name {name} is taken; give each target its own")
    return name


def _box(name: str, given: object, width: int, height: int) -> Box:
    if not isinstance(given, list) or len(given) != 4 or not all(_is_finite(value) for value in given):
        raise ValueError(f"{name}: the box is not four numbers; draw it again")
    x, y, w, h = (float(value) for value in given)
    if not (w > 0 and h > 0):
        raise ValueError(f"{name}: the box has no size; draw it again")
    (x, w), (y, h) = _cut(x, w, width), _cut(y, h, height)
    if w <= 0 or h <= 0:
        raise ValueError(f"{name}: the box lies outside the image; draw it inside")
    if w < min(LEAST_SIDE, width) or h < min(LEAST_SIDE, height):
        raise ValueError(f"{name}: a side is under {LEAST_SIDE:g} pixels in the image; draw the box larger")
    return x, y, w, h


def _cut(start: float, side: float, room: int) -> tuple[float, float]:
    """Start and length within the image; as they came where they are."""
    if start >= 0 and start + side <= room:
        return start, side
    low = max(start, 0.0)
    return low, min(start + side, float(room)) - low


def _is_finite(value: object) -> bool:
    # A whole number may be too large for a float, and a sum of two floats infinite.
    return (
        isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300 and math.isfinite(value)
    )
