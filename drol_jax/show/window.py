"""`Window`: frames in a window of this machine, where its OpenCV has windows."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from drol_jax.errors import UserError
from drol_jax.tracks.table import Row
from drol_jax.video.frame import VideoFrame

ENDS = (ord("q"), 27)
"""Keys that end it: q and Esc."""


class Window:
    """Shows annotated frames until q or Esc is pressed."""

    def __init__(self, title: str, draw: Callable[[np.ndarray, Sequence[Row]], np.ndarray]):
        """Open the window.

        Args:
          draw: gives the annotated frame, uint8 RGB.

        Raises:
          UserError: this OpenCV has no windows, or there is no screen.
        """
        self._title, self._draw = title, draw
        try:
            cv2.namedWindow(title, cv2.WINDOW_NORMAL)
        except cv2.error:
            raise UserError(
                "--show: this OpenCV has no windows, or there is no screen; pip install opencv-python in place of "
                "opencv-python-headless, or use --live for a page in the browser"
            ) from None

    def __call__(self, frame: VideoFrame, rows: Sequence[Row]) -> bool:
        """Show a frame. Returns False once q or Esc was pressed."""
        cv2.imshow(self._title, cv2.cvtColor(self._draw(frame.image, rows), cv2.COLOR_RGB2BGR))
        return (cv2.waitKey(1) & 0xFF) not in ENDS

    def close(self) -> None:
        cv2.destroyWindow(self._title)
