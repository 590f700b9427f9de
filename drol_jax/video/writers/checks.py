"""What every film writer asks of an image."""

from pathlib import Path

import numpy as np

from drol_jax.errors import UserError

CURE = "free space, mend the permissions or choose another --output"


def fitting(image: np.ndarray, width: int, height: int, path: Path) -> np.ndarray:
    """The image, C-contiguous.

    Raises:
      UserError: it is no uint8 [height, width, 3].
    """
    if image.dtype != np.uint8 or image.shape != (height, width, 3):
        came = f"{image.dtype} {list(image.shape)}"
        raise UserError(f"{path}: an image is {came}, the film's are uint8 [{height}, {width}, 3]; resize it")
    return np.ascontiguousarray(image)


def even(image: np.ndarray) -> np.ndarray:
    """The image with its last row and column repeated where their numbers are odd: codecs halve colours both ways."""
    height, width = image.shape[:2]
    odd = ((0, height % 2), (0, width % 2), (0, 0))
    return np.pad(image, odd, mode="edge") if height % 2 or width % 2 else image


def cannot_write(path: Path, why: str) -> UserError:
    """The error for a film that the disk or the encoder does not take."""
    return UserError(f"cannot write {path}: {why}; {CURE}")
