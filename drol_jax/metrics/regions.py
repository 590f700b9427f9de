"""A trajectory of boxes, polygons, masks and codes, as VOT's result files hold them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from drol_jax.image.shapes import Mask, Shape, box_of, moved

REGION, UNKNOWN, INITIALISED, FAILED = -1, 0, 1, 2
"""What a frame holds: a region, or one of VOT's codes."""


@dataclass(frozen=True, eq=False)
class Regions:
    """T frames, each a box, a polygon, a mask, or a code."""

    corners: np.ndarray
    """float64 [T, 4, 2] (x, y), pixels; of a box (x, y), (x+w, y), (x+w, y+h), (x, y+h); NaN where there is none.
    Of another shape those of its bounds."""
    boxes: np.ndarray
    """float64 [T, 4] (x, y, w, h); NaN where the frame holds a polygon or a code."""
    codes: np.ndarray
    """int8 [T]: REGION, UNKNOWN, INITIALISED or FAILED."""
    shapes: tuple[Shape | None, ...] | None = None
    """T masks, or polygons of other than four corners, None where the frame holds something else; None where no frame
    holds any."""

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
    def from_rows(cls, rows: Sequence[Sequence[float] | Mask]) -> Self:
        """Masks, and rows of one number (a code), four (a box), six or any larger even number (a polygon), as the lines
        of a VOT file.

        Raises:
          ValueError: a row of another length, or a code that is not 0, 1 or 2; its number is the argument.
        """
        boxes, polygons = np.full((len(rows), 4), np.nan), np.full((len(rows), 8), np.nan)
        codes = np.full(len(rows), REGION, np.int8)
        shapes: list[Shape | None] = [None] * len(rows)
        for number, row in enumerate(rows):
            if isinstance(row, Mask):
                shapes[number] = row
            elif len(row) == 4:
                boxes[number] = row
            elif len(row) == 8:
                polygons[number] = row
            elif len(row) == 1 and row[0] in (UNKNOWN, INITIALISED, FAILED):
                codes[number] = int(row[0])
            elif len(row) >= 6 and len(row) % 2 == 0:
                shapes[number] = np.array(row, np.float64).reshape(-1, 2)
            else:
                raise ValueError(number)
        return cls.from_parts(boxes, polygons, shapes, codes)

    @classmethod
    def from_parts(
        cls,
        boxes: np.ndarray,
        polygons: np.ndarray,
        shapes: Sequence[Shape | None] = (),
        codes: np.ndarray | None = None,
    ) -> Self:
        """Frames that each hold one of several things.

        Args:
          boxes: [T, 4]; polygons: [T, 8]; NaN where the frame holds something else.
          shapes: T, None likewise; or none at all. A mask without a pixel is UNKNOWN.
          codes: int8 [T]; None for none.
        """
        both = cls.from_boxes(boxes), cls.from_polygons(polygons)
        four = ~np.isnan(both[0].boxes[:, 0])
        corners = np.where(four[:, None, None], both[0].corners, both[1].corners)
        codes = np.full(len(boxes), REGION, np.int8) if codes is None else codes.copy()
        for frame, shape in enumerate(shapes):
            if shape is not None:
                corners[frame] = cls.from_boxes(box_of(shape)).corners[0]
        unknown = np.isnan(corners[:, 0, 0])
        codes[(codes == REGION) & unknown] = UNKNOWN
        held = tuple(None if gone else shape for gone, shape in zip(unknown, shapes, strict=False))
        return cls(corners, both[0].boxes, codes, held if any(shape is not None for shape in held) else None)

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, frames: slice | np.ndarray) -> Self:
        """The chosen frames: a slice, a mask or indices."""
        shapes = self.shapes
        if shapes is not None:
            chosen = tuple(shapes[frame] for frame in np.arange(len(self))[frames])
            shapes = chosen if any(shape is not None for shape in chosen) else None
        return type(self)(self.corners[frames], self.boxes[frames], self.codes[frames], shapes)

    @property
    def is_box(self) -> np.ndarray:
        """bool [T]: frames that hold a box."""
        return ~np.isnan(self.boxes[:, 0])

    @property
    def is_shape(self) -> np.ndarray:
        """bool [T]: frames that hold a mask, or a polygon of other than four corners."""
        return np.array([shape is not None for shape in self.shapes or [None] * len(self)], bool)

    def shape(self, frame: int) -> Shape | None:
        """What a frame holds: a mask, a polygon's corners [K, 2], a box [4]; None for a code."""
        if self.codes[frame] != REGION:
            return None
        if self.shapes is not None and (shape := self.shapes[frame]) is not None:
            return shape
        return self.corners[frame] if np.isnan(self.boxes[frame, 0]) else self.boxes[frame]

    def moved(self, by: int) -> Self:
        """Every region so much farther right and down."""
        shapes = self.shapes and tuple(None if shape is None else moved(shape, by) for shape in self.shapes)
        return type(self)(self.corners + by, np.add(self.boxes, (by, by, 0, 0)), self.codes, shapes)

    @property
    def is_region(self) -> np.ndarray:
        """bool [T]: frames that hold a box, a polygon or a mask."""
        return self.codes == REGION

    def frames_of(self, code: int) -> np.ndarray:
        """Indices of the frames with a code."""
        return np.flatnonzero(self.codes == code)
