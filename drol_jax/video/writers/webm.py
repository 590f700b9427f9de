"""`WebM`: a film by OpenCV alone, which browsers play too."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np

from drol_jax.system.opencv import cv2, spelled
from drol_jax.video.opencv import quiet
from drol_jax.video.whole import missing_bytes
from drol_jax.video.writers.checks import cannot_write, even, fitting

CODECS = ("VP80", "VP90")
"""VP8 before VP9, which takes several times as long."""


class WebM:
    """A `FilmWriter` of constant rate: an image is repeated, or left out, so that each is shown close to its time.

    A file whose process is killed plays, but for its last 256 KiB, which OpenCV holds back. The bytes differ from run
    to run: each file has an identity.
    """

    def __init__(self, path: Path, width: int, height: int, rate: Fraction) -> None:
        """Create the file; what was there is lost.

        Args:
          width: of the images, pixels; the film is padded to even numbers, as OpenCV would cut odd ones.
          rate: frames a second.

        Raises:
          UserError: it cannot be created.
        """
        self._path, self._width, self._height, self._rate = path, width, height, rate
        self._film = _opened(path, width, height, rate)
        self._first: float | None = None
        self._shown = self._left_out = 0
        self._before: np.ndarray | None = None
        self._done = False

    @property
    def notes(self) -> tuple[str, ...]:
        told = f"{self._left_out} frames come faster than {float(self._rate):.4g} a second and were left out of "
        return (f"{told}{self._path.name}",) if self._left_out else ()

    def add(self, image: np.ndarray, time: float) -> None:
        bgr = cv2.cvtColor(even(fitting(image, self._width, self._height, self._path)), cv2.COLOR_RGB2BGR)
        self._first = time if self._first is None else self._first
        place = round((time - self._first) * self._rate)
        if place < self._shown:
            self._left_out += 1
            return
        before = bgr if self._before is None else self._before
        with quiet():  # a disk that is full is told once, by `close`
            for _ in range(place - self._shown):
                self._film.write(before)
            self._film.write(bgr)
        self._shown, self._before = place + 1, bgr

    def close(self) -> None:
        if self._done:
            return
        self._done = True
        self._film.release()
        if self._first is None:
            self._path.unlink(missing_ok=True)
        elif not _finished(self._path):  # OpenCV's writer reports no error
            raise cannot_write(self._path, "the file is not whole, is the disk full?")

    def abandon(self) -> None:
        self._done = True
        self._film.release()


def _opened(path: Path, width: int, height: int, rate: Fraction) -> cv2.VideoWriter:
    place = spelled(path)
    try:
        path.open("wb").close()
    except OSError as error:
        raise cannot_write(path, error.strerror or str(error)) from error
    size = (width + width % 2, height + height % 2)
    for codec in CODECS:
        code = cv2.VideoWriter.fourcc(*codec)
        with quiet(), _hushed():
            film = cv2.VideoWriter(place, cv2.CAP_FFMPEG, code, float(rate), size)
        if film.isOpened():
            return film
    raise cannot_write(path, "this OpenCV has no encoder for WebM")


@contextmanager
def _hushed() -> Iterator[None]:
    """Throw away what is printed to the error stream: OpenCV prints for every WebM that its tag is not supported."""
    kept = os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nothing)
        os.close(kept)


def _finished(path: Path) -> bool:
    """Whether the header tells the length, which is written last, and the file has it."""
    if missing_bytes(path):
        return False
    with quiet():
        film = cv2.VideoCapture(spelled(path), cv2.CAP_FFMPEG)
    try:
        return film.isOpened() and film.get(cv2.CAP_PROP_FRAME_COUNT) > 0
    finally:
        film.release()
