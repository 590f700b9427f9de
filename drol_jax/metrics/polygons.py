"""Overlap of boxes and polygons as exact areas, as got10k's toolkit takes it for VOT."""

import numpy as np

from drol_jax.metrics.regions import Regions

_FANS = ((0, 1, 2), (0, 2, 3))
"""The two triangles of four corners. Signed, they add up to the polygon also where it is not convex."""


def exact_overlaps(a: Regions, b: Regions, bounds: tuple[float, float] | None = None) -> np.ndarray:
    """Intersection over union of areas, frame by frame, for polygons whose edges do not cross each other.

    Args:
      a, b: T frames each.
      bounds: (width, height): only what lies in 0..width, 0..height counts; None for everything.

    Returns:
      float64 [T] in [0, 1]; NaN where either holds a code, a mask or a polygon of other than four corners; 0 where the
      union is empty.

    Raises:
      ValueError: a and b differ in length.
    """
    if len(a) != len(b):
        raise ValueError(f"{len(a)} regions against {len(b)}")
    both = a.is_region & b.is_region & ~a.is_shape & ~b.is_shape
    result = np.full(len(a), np.nan)
    if not both.any():
        return result
    first, second = a.corners[both], b.corners[both]
    shared = np.zeros(len(first))
    for fan_a in _FANS:
        for fan_b in _FANS:
            shared += _signed_shared(first[:, fan_a], second[:, fan_b], bounds)
    union = sum(abs(sum(_signed_area(_within(p[:, fan], bounds)) for fan in _FANS)) for p in (first, second))
    shared = np.abs(shared)
    union = np.asarray(union) - shared
    result[both] = np.clip(np.where(union > 0, shared / np.where(union > 0, union, 1), 0.0), 0, 1)
    return result


def _signed_shared(first: np.ndarray, second: np.ndarray, bounds: tuple[float, float] | None) -> np.ndarray:
    """Area that two triangles [N, 3, 2] share, times the product of their orientations."""
    sign = np.sign(_signed_area(second))
    # Edges of the clipping triangle, turned so that its inside lies to the left of each.
    turned = np.where((sign < 0)[:, None, None], second[:, ::-1], second)
    polygon = _within(first, bounds)
    for corner in range(3):
        start, end = turned[:, corner], turned[:, (corner + 1) % 3]
        normal = np.stack([start[:, 1] - end[:, 1], end[:, 0] - start[:, 0]], 1)
        polygon = _clipped(polygon, normal, (normal * start).sum(1))
    return _signed_area(polygon) * sign


def _within(polygon: np.ndarray, bounds: tuple[float, float] | None) -> np.ndarray:
    """The part of convex polygons [N, K, 2] that lies in 0..width, 0..height."""
    if bounds is None:
        return polygon
    for normal, offset in (((1, 0), 0.0), ((-1, 0), -bounds[0]), ((0, 1), 0.0), ((0, -1), -bounds[1])):
        polygon = _clipped(polygon, np.tile(np.array(normal, np.float64), (len(polygon), 1)), np.full(1, offset))
    return polygon


def _clipped(polygon: np.ndarray, normal: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """The part of convex polygons [N, K, 2] where normal . p >= offset: [N, K + 1, 2], last vertices repeated.

    Nothing left is a polygon of one repeated point.
    """
    height = (polygon * normal[:, None]).sum(2) - offset[:, None]  # [N, K], not negative inside
    after, height_after = np.roll(polygon, -1, 1), np.roll(height, -1, 1)
    inside, crosses = height >= 0, (height >= 0) != (height_after >= 0)
    share = np.where(crosses, height / np.where(crosses, height - height_after, 1), 0)
    crossing = polygon + share[..., None] * (after - polygon)
    # Each vertex that is inside, then the point at which its edge crosses, in order; the rest goes to the end.
    points = np.stack([polygon, crossing], 2).reshape(len(polygon), -1, 2)
    kept = np.stack([inside, crosses], 2).reshape(len(polygon), -1)
    order = np.argsort(~kept, 1, kind="stable")[:, : polygon.shape[1] + 1]
    count = kept.sum(1)
    order = np.where(np.arange(order.shape[1]) < count[:, None], order, order[:, :1])
    return np.take_along_axis(points, order[..., None], 1)


def _signed_area(polygon: np.ndarray) -> np.ndarray:
    """[N], of polygons [N, K, 2]; positive where x turns towards y."""
    local = polygon - polygon[:, :1]
    (x, y), (xn, yn) = np.moveaxis(local, 2, 0), np.moveaxis(np.roll(local, -1, 1), 2, 0)
    return (x * yn - xn * y).sum(1) / 2
