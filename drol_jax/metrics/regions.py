"""A trajectory of boxes, polygons and codes, as VOT's result files hold them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

REGION, UNKNOWN, INITIALISED, FAILED = -1, 0, 1, 2
"""What a frame holds: a region, or one of VOT's codes."""


@dataclass(frozen=True, eq=False)
class Regions:
    """T frames, each a box, a polygon of four corners, or a code."""

    corners: np.ndarray
    """float64 [T, 4, 2] (x, y), pixels; of a box (x, y), (x+w, y), (x+w, y+h), (x, y+h); NaN where there is none."""
    boxes: np.ndarray
    """float64 [T, 4] (x, y, w, h); NaN where the frame holds a polygon or a code."""
    codes: np.ndarray
    """int8 [T]: REGION, UNKNOWN, INITIALISED or FAILED."""

    @classmethod
    def from_boxes(cls, boxes: ArrayLike) -> Self:
        """Boxes [T, 4] (x, y, w, h); a row that holds NaN becomes UNKNOWN."""
        boxes = np.array(boxes, np.float64).reshape(-1, 4)
        boxes[np.isnan(boxes).any(1)] = np.nan
        x, y, w, h = boxes.T
        corners = np.stack([x, y, x + w, y, x + w, y + h, x, y + h], 1).reshape(-1, 4, 2)
        return cls(corners, boxes, np.where(np.isnan(boxes[:, 0]), UNKNOWN, REGION).astype(np.int8))

    @classmethod
    def from_polygons(cls, polygons: ArrayLike) -> Self:
        """Polygons [T, 8] (x1, y1, ..., x4, y4); a row that holds NaN becomes UNKNOWN."""
        corners = np.array(polygons, np.float64).reshape(-1, 4, 2)
        absent = np.isnan(corners).any((1, 2))
        corners[absent] = np.nan
        return cls(corners, np.full((len(corners), 4), np.nan), np.where(absent, UNKNOWN, REGION).astype(np.int8))

    @classmethod
    def from_rows(cls, rows: Sequence[Sequence[float]]) -> Self:
        """Rows of one (a code), four (a box) or eight numbers (a polygon), as the lines of a VOT file.

        Raises:
          ValueError: a row of another length, or a code that is not 0, 1 or 2; its number is the argument.
        """
        boxes, polygons = np.full((len(rows), 4), np.nan), np.full((len(rows), 8), np.nan)
        codes = np.full(len(rows), REGION, np.int8)
        for number, row in enumerate(rows):
            if len(row) == 4:
                boxes[number] = row
            elif len(row) == 8:
                polygons[number] = row
            elif len(row) == 1 and row[0] in (UNKNOWN, INITIALISED, FAILED):
                codes[number] = int(row[0])
            else:
                raise ValueError(number)
        both = cls.from_boxes(boxes), cls.from_polygons(polygons)
        four = ~np.isnan(both[0].boxes[:, 0])
        corners = np.where(four[:, None, None], both[0].corners, both[1].corners)
        codes[(codes == REGION) & np.isnan(corners[:, 0, 0])] = UNKNOWN
        return cls(corners, both[0].boxes, codes)

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, frames: slice | np.ndarray) -> Self:
        """The chosen frames: a slice, a mask or indices."""
        return type(self)(self.corners[frames], self.boxes[frames], self.codes[frames])

    @property
    def is_box(self) -> np.ndarray:
        """bool [T]: frames that hold a box."""
        return ~np.isnan(self.boxes[:, 0])

    @property
    def is_region(self) -> np.ndarray:
        """bool [T]: frames that hold a box or a polygon."""
        return self.codes == REGION

    def frames_of(self, code: int) -> np.ndarray:
        """Indices of the frames with a code."""
        return np.flatnonzero(self.codes == code)
