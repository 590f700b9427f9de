"""Words on dark plates in an image, within it, in letters that fit its size."""

from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from drol_jax.system.opencv import cv2

LETTERS = cv2.FONT_HERSHEY_SIMPLEX
DARK, LIGHT = (16, 16, 16), (255, 255, 255)
"""Of plates and letters, RGB."""
Colour = tuple[int, int, int]
"""RGB."""


def unit(image: np.ndarray) -> float:
    """Size of letters and lines in an image: 1 for 640 x 480 pixels, more in larger ones, from 0.6 to 6."""
    height, width = image.shape[:2]
    return min(max((height * width / (640 * 480)) ** 0.5, 0.6), 6.0)


def above(image: np.ndarray, words: str, x: float, y: float, colour: Colour) -> None:
    """Draw words above a point, or below it where there is no room.

    Args:
      image: uint8 RGB, drawn into.
      words: ASCII.
      x, y: left and lower end of the plate, pixels.
      colour: of the plate's edge.
    """
    size = unit(image)
    width, height = _plate_size(words, size)
    left = _within(x, image.shape[1] - width)
    top = int(min(max(y, -1e6), 1e6)) - height
    _plate(image, words, left, top if top >= 0 else _within(y, image.shape[0] - height), colour)


def stacked(image: np.ndarray, lines: Iterable[tuple[str, Colour]]) -> None:
    """Draw lines in the lower left corner, from below, as many as there is room for."""
    bottom = image.shape[0]
    for words, colour in lines:
        bottom -= _plate_size(words, unit(image))[1]
        if bottom < 0:
            return
        _plate(image, words, 0, bottom, colour)


def _plate(image: np.ndarray, words: str, left: int, top: int, colour: Colour) -> None:
    size = unit(image)
    width, height = _plate_size(words, size)
    (_, letters), _, pad = _measured(words, size)
    cv2.rectangle(image, (left, top), (left + width - 1, top + height - 1), DARK, cv2.FILLED)
    cv2.rectangle(image, (left, top), (left + max(2, pad // 2) - 1, top + height - 1), colour, cv2.FILLED)
    place = (left + pad + pad // 2, top + pad + letters)
    cv2.putText(image, words, place, LETTERS, 0.5 * size, LIGHT, max(1, round(size)), cv2.LINE_AA)


def _plate_size(words: str, size: float) -> tuple[int, int]:
    (width, height), below, pad = _measured(words, size)
    return width + 2 * pad + pad // 2, height + below + 2 * pad


@lru_cache(maxsize=256)
def _measured(words: str, size: float) -> tuple[tuple[int, int], int, int]:
    """((width, height), depth below the line) of words, and the room about them, pixels."""
    (width, height), below = cv2.getTextSize(words, LETTERS, 0.5 * size, max(1, round(size)))
    return (width, height), below, max(2, round(3 * size))


def _within(start: float, room: int) -> int:
    return int(min(max(start, 0), max(room, 0)))
