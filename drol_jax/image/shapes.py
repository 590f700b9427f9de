"""Regions beyond boxes and four corners: masks as vot-toolkit's files hold them, polygons of any number of corners.

A mask's text is the corner and size of a window, then lengths of runs of nothing and something in turn, along its rows:
``m18,8,17,17,2,1,15,...``. Source: vot-toolkit 0.7.4, `region/io.py`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np


@dataclass(frozen=True, eq=False)
class Mask:
    """The pixels of a target, as runs in a window of the image. Pixels count from 0."""

    x: int
    y: int
    """Top-left pixel of the window."""
    width: int
    height: int
    runs: np.ndarray
    """int64: lengths of runs of nothing and something in turn; what they leave of the window is nothing."""

    @classmethod
    def of(cls, pixels: np.ndarray) -> Self:
        """The mask of a whole image's pixels, bool [H, W]; its window is the smallest."""
        rows, columns = (np.flatnonzero(np.any(pixels, axis)) for axis in (1, 0))
        if not len(rows):
            return cls(0, 0, 0, 0, np.zeros(1, np.int64))
        (top, bottom), (left, right) = (ends[[0, -1]].tolist() for ends in (rows, columns))
        flat = np.asarray(pixels[top : bottom + 1, left : right + 1], bool).ravel()
        changes = np.flatnonzero(np.diff(flat)) + 1
        runs = np.diff([*([0] if flat[0] else []), 0, *changes.tolist(), flat.size])
        return cls(left, top, right - left + 1, bottom - top + 1, runs)

    @classmethod
    def filled(cls, box: np.ndarray) -> Self:
        """The mask of a box (x, y, w, h), rounded to whole pixels."""
        x, y, width, height = (int(value) for value in np.round(box))
        return cls(x, y, max(width, 0), max(height, 0), np.array([0, max(width, 0) * max(height, 0)]))

    @classmethod
    def parse(cls, values: Sequence[float]) -> Self:
        """The mask of a text's numbers.

        Raises:
          ValueError: they are none: not whole, fewer than four, negative lengths, or more pixels than the window has.
        """
        whole = np.asarray(values, np.float64)
        if len(whole) < 4 or not np.array_equal(whole, np.trunc(whole)):
            raise ValueError
        x, y, width, height, *runs = (int(value) for value in whole)
        if min(width, height, *runs) < 0 or sum(runs) > width * height:
            raise ValueError
        return cls(x, y, width, height, np.array(runs, np.int64))

    @classmethod
    def read(cls, line: str) -> Self | None:
        """The mask of a line of text; None where it holds something else, as its first letter tells.

        Numbers may be parted by commas, semicolons or blanks; a last comma is passed over.

        Raises:
          ValueError: the line begins as a mask's, and is none.
        """
        line = line.strip()
        if not line.startswith("m"):
            return None
        return cls.parse([float(word) for word in re.split(r"\s*[,;]\s*|\s+", line[1:].strip().rstrip(",; "))])

    @property
    def text(self) -> str:
        """The text that `read` reads."""
        return "m" + ",".join(map(str, (self.x, self.y, self.width, self.height, *self.runs.tolist())))

    @property
    def pixels(self) -> np.ndarray:
        """bool [height, width] of the window."""
        flat = np.zeros(self.width * self.height, bool)
        filled = np.repeat(np.arange(len(self.runs)) % 2 == 1, self.runs)
        flat[: len(filled)] = filled
        return flat.reshape(self.height, self.width)

    @property
    def tight(self) -> Self:
        """The same pixels in the smallest window."""
        within = type(self).of(self.pixels)
        return type(self)(within.x + self.x, within.y + self.y, within.width, within.height, within.runs)

    def moved(self, by: int) -> Self:
        """The same pixels so much farther right and down."""
        return type(self)(self.x + by, self.y + by, self.width, self.height, self.runs)


Shape = Mask | np.ndarray
"""A mask, or a polygon's corners float64 [K, 2] (x, y), pixels."""


def box_of(shape: Shape) -> np.ndarray:
    """The smallest upright box, float64 [4] (x, y, w, h), pixels; NaN of an empty mask.

    A polygon's corners lie on pixel centres, so that its sides are a pixel longer than the corners are apart, as in
    `drol_jax.image.boxes.box_from_polygon`.
    """
    if isinstance(shape, Mask):
        tight = shape.tight
        box = [tight.x, tight.y, tight.width, tight.height] if tight.width else [np.nan] * 4
        return np.array(box, np.float64)
    low, high = shape.min(0), shape.max(0)
    return np.concatenate([low, high - low + 1])


def moved(shape: Shape, by: int) -> Shape:
    """A shape so much farther right and down."""
    return shape.moved(by) if isinstance(shape, Mask) else shape + by
