"""`Capture` and what opens one: OpenCV on a camera or on the address of a stream."""

from collections.abc import Callable
from fractions import Fraction
from typing import Protocol
from urllib.parse import urlsplit

import numpy as np

from drol_jax.system.opencv import cv2, spelled
from drol_jax.video.files import believed
from drol_jax.video.opencv import quiet


class Capture(Protocol):
    """The part of `cv2.VideoCapture` that is used."""

    def isOpened(self) -> bool: ...

    def read(self) -> tuple[bool, np.ndarray]:
        """Wait for the next frame: whether there is one, and it, uint8 BGR [H, W, 3]."""
        ...

    def get(self, propId: int) -> float: ...

    def release(self) -> None: ...


Opener = Callable[[], Capture]
"""Opens the device or address; called again where it was lost. What it gives may be not opened."""


def camera_opener(number: int) -> Opener:
    """Opens a camera of this machine."""

    def opened() -> Capture:
        with quiet():
            capture = cv2.VideoCapture(number)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        return capture

    return opened


def stream_opener(address: str, stall: float) -> Opener:
    """Opens the address of a stream.

    Args:
      stall: seconds until opening, or waiting for a frame, is given up.
    """
    limit = round(1000 * stall)
    settings = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, limit, cv2.CAP_PROP_READ_TIMEOUT_MSEC, limit]

    def opened() -> Capture:
        with quiet():
            return cv2.VideoCapture(spelled(address), cv2.CAP_FFMPEG, settings)

    return opened


def stream_host(address: str) -> str:
    """Host of an address, a name that is fit for files."""
    return urlsplit(address).hostname or "stream"


def stream_place(address: str) -> str:
    """An address as messages tell it: without a user's name and password, and what may be one behind the host."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def nominal_rate(capture: Capture) -> Fraction | None:
    """Frames a second that it says, as a fraction; None where it says nothing that can be."""
    return believed(capture.get(cv2.CAP_PROP_FPS))
