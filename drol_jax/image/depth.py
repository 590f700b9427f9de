"""Images of more than eight bits, such as 16-bit grey of thermal cameras, made eight by one range for a whole sequence.

Their values fill a small part of what the format holds: the highest eight bits of them are a handful of grey levels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from drol_jax.errors import UserError
from drol_jax.image.decoding import decoded
from drol_jax.image.source import FrameSource
from drol_jax.system.opencv import cv2

PERCENTILES = (0.5, 99.5)
"""Of the first frame's values: what becomes 0 and 255."""
_DEEP = (".tif", ".tiff", ".pgm", ".ppm", ".pnm", ".jp2")


@dataclass(frozen=True)
class Levels:
    """The range of a sequence's values, by its first frame."""

    first: Path

    @cached_property
    def ends(self) -> tuple[float, float]:
        """What becomes 0 and what becomes 255.

        Raises:
          UserError: the image cannot be read, or has one value alone, so that it tells no range.
        """
        image = decoded(self.first)
        if image.min() == image.max():
            raise UserError(
                f"{self.first}: every pixel of the first image is {image.flat[0]:g}, which tells no range for the "
                f"others of {image.dtype}; begin the sequence later, or make its images uint8"
            )
        return ends_of(image)

    @property
    def words(self) -> str:
        """What is done, in words."""
        low, high = self.ends
        return f"images of more than 8 bits scaled from {low:g}..{high:g}, the range of the first"


@dataclass(frozen=True)
class DeepFrame:
    """An image file of more than eight bits, read as one of eight by its sequence's range."""

    path: Path
    levels: Levels

    def __call__(self) -> np.ndarray:
        """Decode: uint8 RGB [H, W, 3]. Raises UserError where it cannot."""
        return scaled(decoded(self.path), self.levels.ends)


def frame_sources(paths: Sequence[Path]) -> tuple[FrameSource, ...]:
    """A sequence's image files as what the reader takes: themselves, or with one range where the first is deep."""
    if not paths or not _is_deep(paths[0]):
        return tuple(paths)
    levels = Levels(paths[0])
    return tuple(DeepFrame(path, levels) for path in paths)


def ends_of(image: np.ndarray) -> tuple[float, float]:
    """The range of an image's values that is spread over eight bits."""
    low, high = (float(value) for value in np.percentile(image, PERCENTILES))
    if high <= low:  # a few pixels alone are other than the rest
        low, high = float(image.min()), float(image.max())
    return (low, high) if image.dtype.kind == "f" and high > low else (low, max(high, low + 1))


def scaled(image: np.ndarray, ends: tuple[float, float]) -> np.ndarray:
    """An image of any depth as uint8; one of eight bits as it is."""
    if image.dtype == np.uint8:
        return image
    low, high = ends
    return np.clip(np.round((image.astype(np.float32) - low) * (255 / (high - low))), 0, 255).astype(np.uint8)


def _is_deep(path: Path) -> bool:
    """Whether an image file holds more than eight bits a value; False where it cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(25)
        if head.startswith(b"\x89PNG\r\n\x1a\n"):  # whatever it is called
            return len(head) == 25 and head[24] > 8
        if path.suffix.lower() not in _DEEP:
            return False
        image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    except (OSError, cv2.error):
        return False
    return image is not None and image.dtype != np.uint8
