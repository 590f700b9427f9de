"""Tracks drawn into a frame: a box and a label for each target, lines for those that are not in sight."""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from drol_jax.show.colours import colour
from drol_jax.tracks import rle
from drol_jax.tracks.table import Row, TargetState

LETTERS = cv2.FONT_HERSHEY_SIMPLEX
DARK, LIGHT = (16, 16, 16), (255, 255, 255)
DIM = 0.55
"""Brightness of an unsure target's colour."""
TINT = 0.4
"""How much of a target's colour its mask lets through."""
FINE = 4
"""Binary places of coordinates that OpenCV draws with."""


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

        Args:
          image: uint8 RGB [H, W, 3].
          rows: of the frame; boxes in pixels of the source.
          scale: pixels of the image for one of the source.

        Returns:
          uint8 RGB [H, W, 3], an array of its own. Letters beyond ASCII, which OpenCV cannot draw, stand as the
          target's number.
        """
        for row in rows:
            self._numbers.setdefault(row.name, len(self._numbers))
        drawn = image.copy()
        for row in rows:
            if row.mask is not None:
                _tint(drawn, row.mask, colour(self._numbers[row.name]), scale)
        for row in rows:
            if row.box is not None:
                _box(drawn, row, self._paint(row), scale)
        for row in rows:
            if row.box is not None:
                _label(drawn, f"{self._word(row.name)} {row.confidence:.2f}", row.box, self._paint(row), scale)
        away = [f"{self._word(row.name)}: {row.state}" for row in rows if row.box is None]
        _corner(drawn, away, [self._paint(row) for row in rows if row.box is None])
        return drawn

    def _paint(self, row: Row) -> tuple[int, int, int]:
        red, green, blue = colour(self._numbers[row.name])
        if row.state != TargetState.UNCERTAIN:
            return red, green, blue
        return int(red * DIM), int(green * DIM), int(blue * DIM)

    def _word(self, name: str) -> str:
        if name.isascii() and name.isprintable():
            return name if len(name) <= 24 else f"{name[:21]}..."
        return f"target {self._numbers[name] + 1}"


def _unit(image: np.ndarray) -> float:
    """Size of letters and lines: 1 in a picture of 640 by 480, more in larger ones."""
    return float(np.clip(np.sqrt(image.shape[0] * image.shape[1] / (640 * 480)), 0.6, 6))


def _box(image: np.ndarray, row: Row, paint: tuple[int, int, int], scale: float) -> None:
    """The box's outline on a dark edge; broken where the target is occluded."""
    assert row.box is not None
    x, y, w, h = (side * scale for side in row.box)
    # Pixel centres lie at integers: a box from x on begins half a pixel before its first pixel's centre.
    corners = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]]) - 0.5
    thin = max(1, round(2 * _unit(image)))
    if row.state == TargetState.OCCLUDED:
        _broken(image, corners, paint, thin)
        return
    fixed = [_fixed(corners)]
    cv2.polylines(image, fixed, True, DARK, thin + 2, cv2.LINE_AA, FINE)
    cv2.polylines(image, fixed, True, paint, thin, cv2.LINE_AA, FINE)


def _broken(image: np.ndarray, corners: np.ndarray, paint: tuple[int, int, int], thin: int) -> None:
    dash = 6.0 * thin
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        length = float(np.linalg.norm(end - start))
        count = int(np.clip(length / (2 * dash), 1, 200))
        along = (end - start) / count
        lines = [_fixed(np.stack([start + k * along, start + (k + 0.5) * along])) for k in range(count)]
        cv2.polylines(image, lines, False, DARK, thin + 2, cv2.LINE_AA, FINE)
        cv2.polylines(image, lines, False, paint, thin, cv2.LINE_AA, FINE)


def _label(
    image: np.ndarray,
    words: str,
    box: tuple[float, float, float, float],
    paint: tuple[int, int, int],
    scale: float,
) -> None:
    """Words on a dark plate above the box, or below its upper edge where there is no room; inside the image."""
    (width, height), below = _measure(words, _unit(image))
    pad = max(2, round(3 * _unit(image)))
    left = int(np.clip(box[0] * scale, 0, max(0, image.shape[1] - width - 2 * pad)))
    top = int(box[1] * scale) - height - below - 2 * pad
    if top < 0:
        top = int(np.clip(box[1] * scale, 0, max(0, image.shape[0] - height - below - 2 * pad)))
    _plate(image, words, left, top, paint)


def _corner(image: np.ndarray, lines: Sequence[str], paints: Sequence[tuple[int, int, int]]) -> None:
    """Lines in the lower left corner."""
    unit = _unit(image)
    pad = max(2, round(3 * unit))
    bottom = image.shape[0]
    for words, paint in zip(lines, paints, strict=True):
        (_, height), below = _measure(words, unit)
        bottom -= height + below + 2 * pad
        if bottom < 0:
            break
        _plate(image, words, 0, bottom, paint)


def _plate(image: np.ndarray, words: str, left: int, top: int, paint: tuple[int, int, int]) -> None:
    unit = _unit(image)
    (width, height), below = _measure(words, unit)
    pad = max(2, round(3 * unit))
    right, bottom = left + width + 2 * pad, top + height + below + 2 * pad
    cv2.rectangle(image, (left, top), (right, bottom), DARK, cv2.FILLED)
    cv2.rectangle(image, (left, top), (left + max(1, pad // 2), bottom), paint, cv2.FILLED)
    place = (left + pad + pad // 2, top + pad + height)
    cv2.putText(image, words, place, LETTERS, 0.5 * unit, LIGHT, max(1, round(unit)), cv2.LINE_AA)


def _measure(words: str, unit: float) -> tuple[Sequence[int], int]:
    """((width, height), depth below the line) of words, pixels."""
    return cv2.getTextSize(words, LETTERS, 0.5 * unit, max(1, round(unit)))


def _tint(image: np.ndarray, mask: str, paint: tuple[int, int, int], scale: float) -> None:
    height, width = (round(side / scale) for side in image.shape[:2])
    covered = rle.decode(mask, height, width)
    if covered.shape != image.shape[:2]:
        covered = cv2.resize(covered.view(np.uint8), image.shape[1::-1], interpolation=cv2.INTER_NEAREST).view(bool)
    image[covered] = (image[covered] * (1 - TINT) + np.array(paint) * TINT).astype(np.uint8)


def _fixed(points: np.ndarray) -> np.ndarray:
    """Points [n, 2] as OpenCV draws them finely; those far outside stay within its range."""
    return np.clip(points * 2**FINE, -1e6, 1e6).round().astype(np.int32)
