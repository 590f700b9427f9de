"""What the toolkits ask of a tracker: pictures come one by one, a result is wanted after each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
from numpy.typing import ArrayLike

from drol_jax.api import Tracker
from drol_jax.errors import UserError
from drol_jax.image.frames import checked, read
from drol_jax.tracker.state import StepOutput, TrackerState


@dataclass(frozen=True, eq=False)
class Found:
    """Where the target is in one picture."""

    box: np.ndarray
    """float64 [4] (x, y, w, h), pixels, 0-based."""
    polygon: np.ndarray | None
    """float64 [8], x and y of the four corners of the mask's rotated box; None without a mask branch."""
    score: float


class Session:
    """A tracker whose results are fetched after every picture. Holds no track: states go in and out."""

    def __init__(self, tracker: Tracker, seed: int | None = None):
        """Take a tracker.

        Args:
          seed: of the online subnet's draws, the same in every track; default is the configuration's.
        """
        self.tracker = tracker
        self._key = None if seed is None else jax.random.key(seed)

    def start(self, picture: np.ndarray, box: ArrayLike) -> TrackerState:
        """Start a track.

        Args:
          picture: uint8 RGB [H, W, 3], from `picture`.
          box: (x, y, w, h), pixels, 0-based.

        Raises:
          UserError: the box is none or lies outside.
        """
        return self.tracker.init(picture, box, self._key)

    def follow(self, state: TrackerState, picture: np.ndarray) -> tuple[TrackerState, Found]:
        """Follow the target into the next picture, and wait for the result.

        Raises:
          UserError: the box or the score is not finite.
        """
        state, output = self.tracker.step(state, picture)
        return state, self._fetch(output, *picture.shape[:2])

    def _fetch(self, output: StepOutput, height: int, width: int) -> Found:
        output = jax.device_get(output)
        if not (np.isfinite(output.box).all() and np.isfinite(output.score)):
            raise UserError(
                f"a box or score is not finite; the weights of {self.tracker.name} or the hyper-parameters are unsound"
            )
        polygon = self.tracker.polygon(output, height, width)
        return Found(np.asarray(output.box, np.float64), polygon, float(output.score))


def picture(image: Any) -> np.ndarray:
    """Whatever a toolkit hands over, as pixels.

    Args:
      image: the path of an image file, a PIL image in any mode, or an array as `image.frames.checked` takes it.

    Returns:
      uint8 RGB [H, W, 3].

    Raises:
      UserError: the file cannot be read, or the array is no picture.
    """
    if isinstance(image, str | Path):
        return read(Path(image))
    # PIL need not be installed to be recognised.
    return checked(np.asarray(image.convert("RGB") if hasattr(image, "convert") else image))
