"""Tracks drawn into a frame: a box and a label for each target, lines for those that are not in sight."""

from collections.abc import Iterable, Sequence

import numpy as np

from drol_jax.show import labels
from drol_jax.show.colours import colour
from drol_jax.show.labels import DARK, Colour
from drol_jax.system.opencv import cv2
from drol_jax.tracks import rle
from drol_jax.tracks.table import Row, TargetState

DIM = 0.55
"""Brightness of an unsure target's colour."""
TINT = 0.4
"""How much of a target's colour its mask takes on."""
FINE = 4
"""Binary places of coordinates that OpenCV draws with."""
LONGEST_NAME = 24
MOST_DASHES = 200
"""Of one side: a box far larger than the image has longer ones."""


class Annotator:
    """Draws rows into frames. Targets keep the colour that they got when they entered."""

    def __init__(self, names: Iterable[str] = ()):
        """Begin.

        Args:
          names: of targets, in the order of their colours; further ones follow as they enter.
        """
        self._numbers = {name: number for number, name in enumerate(names)}

    def __call__(self, image: np.ndarray, rows: Sequence[Row], *, scale: float = 1.0) -> np.ndarray:
        """A frame with its rows in it.

        A box is dashed where its target is occluded and dim where it is unsure; a mask tints its pixels and has its
        rotated box. A target without a box has a line in the lower left corner.

        Args:
          image: uint8 RGB [H, W, 3].
          rows: of the frame; boxes in pixels of the source.
          scale: pixels of the image for one of the source.

        Returns:
          uint8 RGB [H, W, 3], an array of its own. A name with letters beyond ASCII, which OpenCV's own letters lack,
          stands as the target's number: `target 3`.

        Raises:
          ValueError: a mask is not of the source's size.
        """
        for row in rows:
            self._numbers.setdefault(row.name, len(self._numbers))
        drawn = np.array(image, order="C")
        seen = [row for row in rows if row.box is not None]
        for row in seen:
            if row.mask is not None:
                _tint(drawn, row.mask, self._paint(row), scale)
        thin = max(2, round(2 * labels.unit(drawn)))
        for row in seen:
            _outline(drawn, row, self._paint(row), scale, thin)
        for row in seen:
            x, y = row.box[:2] if row.box is not None else (0.0, 0.0)
            words = f"{self._word(row.name)} {row.confidence:.2f}"
            labels.above(drawn, words, x * scale - thin, y * scale - thin, self._paint(row))
        away = [row for row in rows if row.box is None]
        labels.stacked(drawn, [(f"{self._word(row.name)}: {row.state}", self._paint(row)) for row in away])
        return drawn

    def _paint(self, row: Row) -> Colour:
        red, green, blue = colour(self._numbers[row.name])
        if row.state != TargetState.UNCERTAIN:
            return red, green, blue
        return int(red * DIM), int(green * DIM), int(blue * DIM)

    def _word(self, name: str) -> str:
        if name.isascii() and name.isprintable():
            return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}..."
        return f"target {self._numbers[name] + 1}"


def _outline(image: np.ndarray, row: Row, paint: Colour, scale: float, thin: int) -> None:
    """The box, and the mask's rotated box thinner, on dark edges."""
    assert row.box is not None
    x, y, w, h = row.box
    corners = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]])
    dash = 6.0 * thin if row.state == TargetState.OCCLUDED else None
    _closed(image, corners * scale, paint, thin, dash)
    if row.polygon is not None:
        _closed(image, np.array(row.polygon).reshape(-1, 2) * scale, paint, max(1, thin // 2), dash)


def _closed(image: np.ndarray, corners: np.ndarray, paint: Colour, thin: int, dash: float | None) -> None:
    # Pixel centres lie at integers: what begins at x begins half a pixel before its first pixel's centre.
    corners = corners - 0.5
    lines = [_fixed(corners)] if dash is None else list(_fixed(_dashes(corners, dash)))
    cv2.polylines(image, lines, dash is None, DARK, thin + 2, cv2.LINE_AA, FINE)
    cv2.polylines(image, lines, dash is None, paint, thin, cv2.LINE_AA, FINE)


def _dashes(corners: np.ndarray, dash: float) -> np.ndarray:
    """Ends [n, 2, 2] of dashes along closed lines; each side begins with one."""
    sides, found = np.roll(corners, -1, axis=0) - corners, []
    for start, side in zip(corners, sides, strict=True):
        count = min(max(int(np.hypot(side[0], side[1]) / (2 * dash)), 1), MOST_DASHES)
        starts = start + np.arange(count)[:, None] * side / count
        found.append(np.stack([starts, starts + side / (2 * count)], axis=1))
    return np.concatenate(found)


def _fixed(points: np.ndarray) -> np.ndarray:
    """Points [..., 2] as OpenCV draws them finely; those far outside stay within its range."""
    return (points * 2**FINE).clip(-1e6, 1e6).round().astype(np.int32)


def _tint(image: np.ndarray, mask: str, paint: Colour, scale: float) -> None:
    height, width = (round(side / scale) for side in image.shape[:2])
    covered = rle.decode(mask, height, width).view(np.uint8)
    if covered.shape != image.shape[:2]:
        covered = cv2.resize(covered, image.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    x, y, w, h = cv2.boundingRect(np.ascontiguousarray(covered))
    part, inside = image[y : y + h, x : x + w], covered[y : y + h, x : x + w].view(bool)
    part[inside] = (part[inside] * (1 - TINT) + np.array(paint) * TINT).astype(np.uint8)
