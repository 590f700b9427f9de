"""Masks as COCO's compressed run-length text, and back.

Runs of pixels off and on in turn, down the columns. Each run is written in groups of 5 bits, least first, as letters
from `0` on; a sixth bit says that more follow. From the fourth run on it is the difference to the last but one.
"""

import numpy as np


def encode(mask: np.ndarray) -> str:
    """The text of a mask.

    Args:
      mask: bool or number [H, W], true where the target is.
    """
    flat = np.asarray(mask, bool).ravel(order="F")
    changes = np.flatnonzero(np.diff(flat)) + 1
    first = [0] if flat.size and flat[0] else []
    runs = np.diff([*first, 0, *changes.tolist(), flat.size]).tolist()
    return "".join(_letters(run - (runs[place - 2] if place > 2 else 0)) for place, run in enumerate(runs))


def decode(text: str, height: int, width: int) -> np.ndarray:
    """The mask of a text, bool [height, width].

    Raises:
      ValueError: it is not of an image of this size.
    """
    runs = _runs(text)
    if sum(runs) != height * width or min(runs, default=0) < 0:
        raise ValueError(f"mask of {sum(runs)} pixels, the image has {width} x {height}")
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape((height, width), order="F")


def area(text: str) -> int:
    """Pixels that the mask of a text covers."""
    return sum(_runs(text)[1::2])


def _letters(value: int) -> str:
    letters = ""
    while True:
        group, value = value & 31, value >> 5
        more = value != (-1 if group & 16 else 0)
        letters += chr(48 + (group | 32 if more else group))
        if not more:
            return letters


def _runs(text: str) -> list[int]:
    runs: list[int] = []
    value = shift = 0
    for letter in text.encode("ascii"):
        group = letter - 48
        value |= (group & 31) << shift
        shift += 5
        if group & 32:
            continue
        value -= (1 << shift) if group & 16 else 0
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value = shift = 0
    return runs
