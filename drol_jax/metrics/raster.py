"""Overlap of regions by counting pixels, as VOT's programs do it.

It is a count, not an area: 20x20 boxes 5 pixels apart overlap by 0.4089, as areas by 0.3913. Two programs count
differently:

- `TRAX`, the C code that PySOT carries: every region is a polygon, a box one with corners x and x + w. Vertices are
  rounded half away from zero, each row is filled between its crossings, both ends included; a row that only touches
  a vertex or a horizontal edge's end is empty.
- `VOT`, vot-toolkit's `region/raster.py`: vertices are rounded half to even, horizontal edges cross their row, rows
  of a single pixel are filled, and a box covers round(x) .. round(x) + round(w) - 1.

All frames are done at once: each row of each region becomes at most two spans, and spans are counted, not pixels.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from drol_jax.metrics.regions import Regions
from drol_jax.metrics.shapes import shape_overlap

Style = Literal["trax", "vot"]
_ROWS_AT_ONCE = 40_000  # stays in a core's cache
_FAR = 2.0**40


class _Spans(NamedTuple):
    """The filled pixels of rows [R]: first..last and first2..last2, disjoint; last < first where there are none."""

    first: np.ndarray
    last: np.ndarray
    first2: np.ndarray | None
    last2: np.ndarray | None

    def pixels(self) -> np.ndarray:
        total = np.maximum(self.last - self.first + 1, 0)
        if self.first2 is not None and self.last2 is not None:
            total = total + np.maximum(self.last2 - self.first2 + 1, 0)
        return total

    def spans(self) -> list[tuple[np.ndarray, np.ndarray]]:
        both = [(self.first, self.last)]
        return both if self.first2 is None or self.last2 is None else [*both, (self.first2, self.last2)]

    def shared(self, other: "_Spans") -> np.ndarray:
        """Number of pixels filled in both, per row."""
        return sum(
            np.maximum(np.minimum(b, d) - np.maximum(a, c) + 1, 0) for a, b in self.spans() for c, d in other.spans()
        )  # pyright: ignore[reportReturnType]


def overlaps(a: Regions, b: Regions, bounds: tuple[float, float] | None, style: Style = "trax") -> np.ndarray:
    """Intersection over union in pixels, frame by frame.

    Args:
      a, b: T frames each.
      bounds: (width, height) of what counts; None for all. TRAX counts columns 0..width, VOT 0..width-1.
      style: whose pixels.

    Returns:
      float64 [T] in [0, 1]. Where either holds a code: NaN (TRAX); 0, or 1 where neither holds a region (VOT). Where a
      region lies outside the bounds: 0. Where neither fills a pixel: NaN (TRAX), 1 (VOT).

    Raises:
      ValueError: a and b differ in length; either holds a mask, or a polygon of other than four corners (TRAX).
    """
    if len(a) != len(b):
        raise ValueError(f"{len(a)} regions against {len(b)}")
    both = a.is_region & b.is_region
    result = np.full(len(a), np.nan) if style == "trax" else np.where(a.is_region | b.is_region, 0.0, 1.0)
    drawn = (a.is_shape | b.is_shape) & ((a.is_region | b.is_region) if style == "vot" else both)
    if drawn.any():
        if style != "vot":
            raise ValueError("masks, and polygons of other than four corners, have no pixels in the style trax")
        result[drawn] = [
            shape_overlap(a.shape(frame), b.shape(frame), bounds) for frame in np.flatnonzero(drawn).tolist()
        ]
    both &= ~drawn
    # Inf stands for no bounds: every minimum with it is the other.
    result[both] = _overlaps(a[both], b[both], bounds or (np.inf, np.inf), style)
    return result


@dataclass(frozen=True)
class _Shapes:
    """Regions [N] ready to be drawn: corners [N, 4, 2], and the inclusive rows and columns of those that are boxes."""

    corners: np.ndarray
    is_box: np.ndarray
    low: np.ndarray
    """[N, 2] smallest (x, y) that counts for the canvas, clipped."""
    high: np.ndarray


def _overlaps(a: Regions, b: Regions, bounds: tuple[float, float], style: Style) -> np.ndarray:
    result = np.zeros(len(a))
    shape_a, shape_b = (_trax(r, bounds) if style == "trax" else _vot(r) for r in (a, b))
    low, high = np.minimum(shape_a.low, shape_b.low), np.maximum(shape_a.high, shape_b.high)
    if style == "trax":
        drawn = _worth_drawing(shape_a, shape_b)
    else:
        empty = (low >= high).any(1)
        low = np.maximum(low, 0) if np.isfinite(bounds).all() else low
        high = np.minimum(high, np.subtract(bounds, 1))
        drawn = ~empty & (low < high).all(1)
        result[empty] = 1.0
    chosen = np.flatnonzero(drawn)
    heights = (high[chosen, 1] - low[chosen, 1]).astype(np.int64) + 1
    ends = np.cumsum(heights)
    start = 0
    while start < len(chosen):
        stop = max(int(np.searchsorted(ends, (ends[start] - heights[start]) + _ROWS_AT_ONCE, "right")), start + 1)
        part = chosen[start:stop]
        result[part] = _drawn(shape_a, shape_b, part, low[part], high[part], heights[start:stop], style)
        start = stop
    return result


def _trax(regions: Regions, bounds: tuple[float, float]) -> _Shapes:
    corners = regions.corners.astype(np.float32).astype(np.float64)  # the C code keeps vertices as float
    low = np.maximum(np.floor(corners.min(1)), 0 if np.isfinite(bounds).all() else -np.inf)
    high = np.minimum(np.ceil(corners.max(1)), bounds)
    return _Shapes(corners, regions.is_box, low, high)


def _vot(regions: Regions) -> _Shapes:
    is_box = regions.is_box
    corners = np.round(regions.corners.astype(np.float32)).astype(np.float64)
    boxes = np.round(regions.boxes[is_box].astype(np.float32)).astype(np.float64)
    corner, size = boxes[:, None, :2], boxes[:, None, 2:]
    # A box's last pixel is x + w - 1; as a polygon whose corners are its outermost pixels it is drawn alike.
    corners[is_box] = corner + (size - 1) * np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
    low, high = corners.min(1), corners.max(1)
    low[is_box], high[is_box] = corners[is_box, 0], corners[is_box, 2]  # an empty box ends before it begins
    return _Shapes(corners, is_box, low, high)


def _worth_drawing(a: _Shapes, b: _Shapes) -> np.ndarray:
    """bool [N]: neither region is nothing beside the other, and their bounding boxes overlap by an area."""
    area_a, area_b = np.prod(a.high - a.low, 1), np.prod(b.high - b.low, 1)
    shared = np.prod(np.minimum(a.high, b.high) - np.maximum(a.low, b.low), 1)
    size = np.maximum(a.high, b.high) - np.minimum(a.low, b.low)
    with np.errstate(divide="ignore", invalid="ignore"):
        tiny = (area_a / area_b < 1e-10) | (area_b / area_a < 1e-10)
        apart = shared / (area_a + area_b - shared) <= 0
    return ~tiny & ~apart & (size > -1).all(1)


def _drawn(
    a: _Shapes, b: _Shapes, part: np.ndarray, low: np.ndarray, high: np.ndarray, heights: np.ndarray, style: Style
) -> np.ndarray:
    """Overlaps of the chosen pairs. A row is (pair, number from the canvas's top)."""
    starts = np.cumsum(heights) - heights
    pair = np.repeat(np.arange(len(part)), heights)
    row = (np.arange(len(pair)) - starts[pair]).astype(np.float64)
    last_column = (high[:, 0] - low[:, 0])[pair]
    spans = [
        _spans(shape.corners[part] - low[:, None], shape.is_box[part], pair, row, last_column, style)
        for shape in (a, b)
    ]
    shared = np.add.reduceat(spans[0].shared(spans[1]), starts)
    union = np.add.reduceat(spans[0].pixels() + spans[1].pixels(), starts) - shared
    if style == "trax":  # a float in C; scores are compared to the last digit
        with np.errstate(invalid="ignore"):
            return shared.astype(np.float32) / union.astype(np.float32)
    return shared / np.where(union > 0, union, 1)


def _spans(
    corners: np.ndarray, is_box: np.ndarray, pair: np.ndarray, row: np.ndarray, last_column: np.ndarray, style: Style
) -> _Spans:
    """What a region fills of each row: float64 column numbers, clipped to 0..last_column.

    Args:
      corners: [N, 4, 2], from the canvas's top left corner.
      is_box: [N].
      pair: [R] which region the row belongs to; row: [R] its number; last_column: [R].
    """
    vertices = np.trunc(corners + np.copysign(0.5, corners)) if style == "trax" else corners
    low, high = (vertices[:, 0], vertices[:, 2]) if style == "vot" else (vertices.min(1), vertices.max(1))
    # Pixels that a box reaches as a polygon: none where it is flat, in the C code's eyes.
    filled = np.all(low < high if style == "trax" else low <= high, axis=1)
    inside = filled[pair] & (row >= low[pair, 1]) & (row <= high[pair, 1])
    first = np.where(inside, low[pair, 0], 1.0)
    last = np.where(inside, high[pair, 0], 0.0)
    others = np.flatnonzero(~is_box[pair])
    first2 = last2 = None
    if len(others):
        first[others], last[others], second = _polygon_spans(vertices, pair[others], row[others], style)
        if second is not None:
            first2, last2 = np.ones_like(first), np.zeros_like(last)
            first2[others], last2[others] = second
            first2 = np.maximum(np.maximum(first2, 0), np.where(last >= first, last + 1, first2))
            last2 = np.minimum(last2, last_column)
    return _Spans(np.maximum(first, 0), np.minimum(last, last_column), first2, last2)


def _polygon_spans(
    vertices: np.ndarray, pair: np.ndarray, row: np.ndarray, style: Style
) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray] | None]:
    """First and last column of each row's first span, and of its second where any row has one."""
    crossings, count = [], np.zeros(len(row), np.int8)
    for this in range(4):
        (xi, yi), (xj, yj) = vertices[:, this].T, vertices[:, this - 1].T
        top, bottom = np.minimum(yi, yj), np.maximum(yi, yj)
        if style == "trax":
            bottom = np.where(top == bottom, -np.inf, bottom)  # horizontal edges cross nothing
        rise = np.where(yi == yj, 1.0, yj - yi)
        crossed = (row >= top[pair]) & (row <= bottom[pair])
        # In this order, in which the C code rounds; truncated towards zero, also left of the canvas.
        column = np.trunc(xi[pair] + (row - yi[pair]) / rise[pair] * np.where(yi == yj, 0.0, xj - xi)[pair])
        crossings.append(np.where(crossed, column, _FAR))
        count += crossed
    for left, right in ((0, 1), (2, 3), (0, 2), (1, 3), (1, 2)):
        crossings[left], crossings[right] = (
            np.minimum(crossings[left], crossings[right]),
            np.maximum(crossings[left], crossings[right]),
        )
    a, b, c, d = crossings
    # Crossings are joined in pairs; where two are equal the first is passed over (VOT: unless no other follows).
    joined = style == "vot"
    ab = (count >= 2) & ((a != b) | (joined & (count == 2)))
    bc = (count >= 3) & ~ab & ((b != c) | (joined & (count == 3)))
    cd = (count >= 4) & ~bc & ((c != d) | joined)
    first = np.where(ab, a, np.where(bc, b, 1.0))
    last = np.where(ab, b, np.where(bc, c, 0.0))
    return first, last, (np.where(cd, c, 1.0), np.where(cd, d, 0.0)) if cd.any() else None
