"""Box types and conversions: the only home of (x, y, w, h), centre-and-size and the half-pixel rules.

Pixel centres lie at integers, x right, y down. A *box* is (x, y, w, h) with the top-left corner, 0-based.
A *target* is a centre (x, y) and a size (w, h).

The published trackers take the centre as ``x + (w - 1) / 2`` when a box comes in and write ``cx - w / 2`` when
one goes out, so that a box fed back in moves by half a pixel. Parity needs both, under the names `target_from_box`
and `box_from_target`; `exact_box_from_target` is the first one's inverse.

Every function takes numpy or JAX arrays with any leading axes and uses the array's own namespace.
"""

import numpy as np
from numpy.typing import ArrayLike

from drol_jax.errors import UserError

SIDES = (1e-3, 1e6)
"""Least and largest side of a box that a track starts from, pixels: areas beyond leave float32."""


def target_from_box(box):
    """Centre and size of a box that enters the tracker.

    Args:
      box: [..., 4] (x, y, w, h), pixels.

    Returns:
      (centre [..., 2] (x, y), size [..., 2] (w, h)); centre = corner + (size - 1) / 2.
    """
    corner, size = box[..., :2], box[..., 2:]
    return corner + (size - 1) / 2, size


def box_from_target(centre, size):
    """Box that leaves the tracker, [..., 4] (x, y, w, h): corner = centre - size / 2."""
    xp = centre.__array_namespace__()
    return xp.concat([centre - size / 2, xp.broadcast_to(size, centre.shape)], axis=-1)


def target_of_box(box):
    """(centre [..., 2], size [..., 2]) that `box_from_target` makes this box [..., 4] of."""
    corner, size = box[..., :2], box[..., 2:]
    return corner + size / 2, size


def exact_box_from_target(centre, size):
    """Box [..., 4] (x, y, w, h) that `target_from_box` takes back to this centre and size."""
    xp = centre.__array_namespace__()
    return xp.concat([centre - (size - 1) / 2, xp.broadcast_to(size, centre.shape)], axis=-1)


def overlap(a: ArrayLike, b: ArrayLike) -> np.ndarray:
    """Intersection over union of boxes as continuous areas (numpy).

    Args:
      a, b: [..., 4] (x, y, w, h), broadcast against each other.

    Returns:
      [...] in [0, 1]; 0 where the union is empty; NaN where a box holds NaN.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    low = np.maximum(a[..., :2], b[..., :2])
    high = np.minimum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:])
    inter = np.prod(np.maximum(high - low, 0), axis=-1)
    union = np.prod(a[..., 2:], axis=-1) + np.prod(b[..., 2:], axis=-1) - inter
    return np.where(union > 0, inter / np.where(union > 0, union, 1), np.where(np.isnan(union), np.nan, 0.0))


def box_from_polygon(polygon: ArrayLike) -> np.ndarray:
    """Upright boxes of four-cornered ones, as PySOT starts its trackers on VOT (numpy).

    The box keeps the polygon's centre (mean of the corners) and the aspect of its bounding box, shrunk so that its
    area is that of the parallelogram with the first three corners; one pixel is added to each side, as corners lie
    on pixel centres. A rectangle with the corners (x, y) and (x + w - 1, y + h - 1) becomes (x, y, w, h).

    Args:
      polygon: [..., 8] (x1, y1, ..., x4, y4), pixels, in order around the target.

    Returns:
      float64 [..., 4] (x, y, w, h), pixels, same origin; NaN where a polygon holds NaN. Where all
      corners lie on one upright or level line, the bounding box.
    """
    corners = np.asarray(polygon, np.float64)
    corners = corners.reshape(*corners.shape[:-1], 4, 2)
    centre = corners.mean(axis=-2)
    bounds = corners.max(axis=-2) - corners.min(axis=-2)
    sides = np.linalg.norm(np.diff(corners[..., :3, :], axis=-2), axis=-1)
    area = bounds.prod(axis=-1)
    flat = area == 0
    scale = np.where(flat, 1, np.sqrt(sides.prod(axis=-1) / np.where(flat, 1, area)))
    size = scale[..., None] * bounds + 1
    return np.concat([centre - (size - 1) / 2, size], axis=-1)


def checked_start_box(box: ArrayLike, height: int, width: int) -> np.ndarray:
    """Validate the box a track starts from.

    Args:
      box: (x, y, w, h), pixels, 0-based; may reach over the image's border.
      height, width: the image's size.

    Returns:
      float32 [4], unchanged in value.

    Raises:
      UserError: not four numbers; NaN or infinite; width or height not positive, or of a size (in SIDES) that
        float32 cannot work with; wholly outside the image; shares of the image in place of pixels.
    """
    try:
        array = np.asarray(box, np.float64)
    except (TypeError, ValueError):
        array = np.empty(0)
    cure = "give (x, y, w, h) in pixels, top-left corner first"
    if array.shape != (4,):
        raise UserError(f"start box {box!r} is not four numbers; {cure}")
    if not np.isfinite(array).all():
        raise UserError(f"start box {array.tolist()} holds NaN or infinity; {cure}")
    trouble = start_trouble(array, height, width)
    if trouble is not None:
        raise UserError(f"start box {array.tolist()} {trouble}; {cure}, that overlaps the image: boxes are 0-based")
    return array.astype(np.float32)


def start_trouble(box: np.ndarray, height: int, width: int) -> str | None:
    """Why no track can start from four finite numbers (x, y, w, h) in an image, in words that follow them."""
    x, y, w, h = box
    if box.min() >= 0 and box.max() <= 1 and (box % 1).any():
        return f"holds shares of the image, not pixels: multiply by its size, {width}x{height}"
    if w <= 0 or h <= 0:
        return "is empty: width and height must be positive"
    if min(w, h) < SIDES[0] or max(w, h) > SIDES[1]:
        return f"has a side under {SIDES[0]} or over {SIDES[1]:.0f} pixels"
    if x >= width or y >= height or x + w <= 0 or y + h <= 0:
        return f"lies wholly outside the {width}x{height} image"
    seen = max(min(x + w, width) - max(x, 0), 0) * max(min(y + h, height) - max(y, 0), 0)
    if 2 * seen < w * h and (corners := corners_instead(box, height, width)):
        return f"{corners}; as it stands more than half of it lies outside"
    return None


def corners_instead(box: np.ndarray, height: int, width: int) -> str | None:
    """Why a start box looks like two corners (x1, y1, x2, y2), in words that follow it; None where it does not.

    It leaves the image as (x, y, w, h), and would lie inside as two corners. A large target at the border can do so
    too, which is why this is a warning where half of it or more is in the image.
    """
    x, y, a, b = (float(n) for n in box)
    leaves = x + a > width or y + b > height
    if leaves and 0 <= x < a <= width and 0 <= y < b <= height:
        return (
            f"leaves the {width}x{height} image, in which it would lie if it were two corners: for those give "
            f"(x, y, w, h) = ({x:g}, {y:g}, {a - x:g}, {b - y:g})"
        )
    return None
