"""The pictures, read once: photographs at several sizes, and cut-out objects."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drol_jax.errors import UserError, reason
from drol_jax.system.opencv import cv2, spelled

LARGEST = 768
"""Rows or columns that photographs are shrunk to as they are read."""
SMALLEST = 64
"""Rows and columns of the smallest photograph that is of use."""
LARGEST_CUTOUT = 256
SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


@dataclass(frozen=True, eq=False)
class Figure:
    """An object with its outline."""

    pixels: np.ndarray
    """float32 [h, w, 4]: red, green and blue in 0..255, already multiplied by the opacity, and the opacity, 0..1."""
    outline: np.ndarray
    """float32 [n, 2] (x, y): corners of the smallest convex shape about what is solid."""

    @classmethod
    def of(cls, colours: np.ndarray, opacity: np.ndarray) -> "Figure | None":
        """Figure of [h, w, 3] in 0..255 and opacity [h, w] in 0..1; None where nothing is solid."""
        points = cv2.findNonZero((opacity > 0.5).astype(np.uint8))
        if points is None or len(points) < 16:
            return None
        pixels = np.concatenate([colours * opacity[..., None], opacity[..., None]], axis=-1, dtype=np.float32)
        return cls(pixels, cv2.convexHull(points).reshape(-1, 2).astype(np.float32))

    @property
    def opacity(self) -> np.ndarray:
        return self.pixels[..., 3]


@dataclass(frozen=True, eq=False)
class Album:
    """photos: of each, uint8 RGB at full, half and quarter size; cutouts: the objects."""

    photos: Sequence[tuple[np.ndarray, ...]]
    cutouts: Sequence[Figure]


def read_album(folder: str, cutouts: str | None) -> Album:
    """Read all pictures of two folders and the folders in them, in the order of their names.

    Raises:
      UserError: a folder is not there or has no picture of use, or a picture cannot be read, which is named.
    """
    with ThreadPoolExecutor(4, "drol-pictures") as pool:
        photos = [photo for photo in pool.map(_photo, _files(folder, "folder")) if photo is not None]
        objects = [one for one in pool.map(_cutout, _files(cutouts, "cutouts")) if one is not None] if cutouts else []
    if not photos or (cutouts and not objects):
        where, wanted = (cutouts, "a transparent background") if photos else (folder, f"{SMALLEST} pixels and more")
        raise UserError(f"photos: no picture in {where} has {wanted}; name another folder")
    return Album(photos, objects)


def _files(folder: str, key: str) -> list[Path]:
    try:
        found = sorted(path for path in Path(folder).rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    except OSError as error:
        raise UserError(f"photos: {key} {folder} cannot be read ({reason(error)}); name another") from error
    if not found:
        cure = "python -m drol_jax.train.pictures fetches some"
        raise UserError(f"photos: {key} {folder} has no pictures; name a folder with some ({cure})")
    return found


def _read(path: Path) -> np.ndarray:
    image = cv2.imread(spelled(path), cv2.IMREAD_UNCHANGED)
    if image is None or image.dtype != np.uint8:
        raise UserError(f"photos: {path} is no picture of 8 bits a colour; take it out of the folder")
    return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image


def _shrunk(image: np.ndarray, largest: int) -> np.ndarray:
    factor = largest / max(image.shape[:2])
    return image if factor >= 1 else cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def _photo(path: Path) -> tuple[np.ndarray, ...] | None:
    full = cv2.cvtColor(_shrunk(_read(path)[..., :3], LARGEST), cv2.COLOR_BGR2RGB)
    if min(full.shape[:2]) < SMALLEST:
        return None
    half = cv2.resize(full, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return full, half, cv2.resize(half, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def _cutout(path: Path) -> Figure | None:
    image = _read(path)
    if image.shape[2] != 4 or (image[..., 3] > 127).all():
        return None
    image = cv2.cvtColor(_shrunk(image, LARGEST_CUTOUT), cv2.COLOR_BGRA2RGBA).astype(np.float32)
    return Figure.of(image[..., :3], image[..., 3] / 255)
