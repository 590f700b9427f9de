"""Which pictures are of use: photographs, not drawings; objects with an outline."""

import numpy as np

from drol_jax.system.opencv import cv2

SMALLEST = 180
"""Rows and columns of the smallest photograph."""
SMALLEST_CUTOUT = 64
"""Rows and columns of the smallest object."""
LARGEST = 1024
"""Rows or columns that pictures are shrunk to."""
FLAT = 0.4
"""Share of neighbouring pixels of one colour from which on a picture is drawn."""
OPAQUE = (0.08, 0.95)
"""Share of its box that an object fills."""


def decoded(content: bytes) -> np.ndarray | None:
    """uint8 [H, W, 3] RGB or [H, W, 4] with alpha, at most LARGEST wide and high; None where it is no picture."""
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED) if content else None
    if image is None or image.dtype != np.uint8:
        return None
    if image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    factor = LARGEST / max(image.shape[:2])
    if factor < 1:
        image = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(image, cv2.COLOR_BGRA2RGBA if image.shape[2] == 4 else cv2.COLOR_BGR2RGB)


def photograph(image: np.ndarray) -> np.ndarray | None:
    """The picture as [H, W, 3], if it is a photograph."""
    if min(image.shape[:2]) < SMALLEST or (image.shape[2] == 4 and (image[..., 3] < 255).any()):
        return None
    plain = np.ascontiguousarray(image[..., :3])
    return None if _flat(plain, np.ones(plain.shape[:2], bool)) > FLAT else plain


def cutout(image: np.ndarray) -> np.ndarray | None:
    """The object as [h, w, 4], cut to its outline's box, if it is one."""
    if image.shape[2] != 4:
        return None
    solid = image[..., 3] > 127
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if not len(rows):
        return None
    image = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    solid = image[..., 3] > 127
    if max(image.shape[:2]) < SMALLEST_CUTOUT or not OPAQUE[0] < solid.mean() < OPAQUE[1]:
        return None
    return None if _flat(image[..., :3], solid) > FLAT else np.ascontiguousarray(image)


def _flat(image: np.ndarray, counts: np.ndarray) -> float:
    """Share of neighbours of one colour among the pixels that count."""
    same = (image[:, 1:] == image[:, :-1]).all(axis=-1)
    both = counts[:, 1:] & counts[:, :-1]
    return float(same[both].mean()) if both.any() else 1.0
