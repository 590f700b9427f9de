"""`Animation`: a moving image, WebP or GIF, by OpenCV, written whole when it is closed."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np

from drol_jax.errors import UserError
from drol_jax.system import atomic
from drol_jax.system.opencv import cv2
from drol_jax.video.writers.checks import CURE, fitting

MEMORY = 256 * 2**20
"""Bytes of pixels that are held: 388 frames of 640 x 360."""
QUALITY = 85
"""Of WebP, in per cent."""


class Animation:
    """A `FilmWriter`. All images are held until `close`; past a limit of memory every second one is left out.

    What is left is the whole film in coarser steps. GIF rounds times to 10 ms, WebP to 1 ms.
    """

    def __init__(self, path: Path, width: int, height: int, rate: Fraction, memory: int = MEMORY) -> None:
        """Start an animation; the file appears at `close`.

        Args:
          width: of the images, pixels.
          rate: says for how long the last image is shown.
          memory: bytes of pixels that may be held.
        """
        self._path, self._width, self._height, self._rate = path, width, height, rate
        self._room = max(2, memory // (3 * width * height))
        self._kept: list[tuple[float, np.ndarray]] = []
        self._every, self._added, self._end = 1, 0, 0.0
        self._done = False

    @property
    def notes(self) -> tuple[str, ...]:
        told = f"{self._path.name} shows one frame of {self._every}: it holds {self._room} of this size at most"
        return (told,) if self._every > 1 else ()

    def add(self, image: np.ndarray, time: float) -> None:
        image = fitting(image, self._width, self._height, self._path)
        if self._added % self._every == 0:
            if len(self._kept) == self._room:
                self._kept = self._kept[::2]
                self._every *= 2
            if self._added % self._every == 0:
                self._kept.append((time, cv2.cvtColor(image, cv2.COLOR_RGB2BGR)))
        self._added += 1
        self._end = time + float(1 / self._rate)

    def close(self) -> None:
        if self._done or not self._kept:
            return
        self._done = True
        animation = cv2.Animation()
        animation.frames = [image for _, image in self._kept]
        begins = [round(1000 * time) for time, _ in self._kept] + [round(1000 * self._end)]
        animation.durations = [max(1, b - a) for a, b in pairwise(begins)]
        done, data = cv2.imencodeanimation(self._path.suffix, animation, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
        if not done:
            raise UserError(f"this OpenCV cannot write {self._path.suffix}; choose .webm or .mp4")
        atomic.write_bytes(self._path, data.tobytes(), CURE)
        self._kept = []

    def abandon(self) -> None:
        self._done, self._kept = True, []
