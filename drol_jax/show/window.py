"""`Window`: frames in a window of this machine, where its OpenCV has windows."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from drol_jax.errors import UserError
from drol_jax.show.browser import has_screen
from drol_jax.system.opencv import cv2
from drol_jax.tracks.table import Row
from drol_jax.video.frame import VideoFrame

ENDS = (ord("q"), 27)
"""Keys that end it: q and Esc."""
LIVE = "or use --live for a page in the browser"


class Window:
    """Shows annotated frames until q or Esc is pressed, or the window is closed."""

    def __init__(
        self,
        title: str,
        draw: Callable[[np.ndarray, Sequence[Row]], np.ndarray],
        *,
        toolkit: Any = cv2,
        screen: Callable[[], bool] = has_screen,
    ):
        """Open the window.

        Args:
          title: of the window.
          draw: gives the annotated frame, uint8 RGB.
          toolkit: whose windows they are, with OpenCV's functions.
          screen: whether there is a screen. Asked first: without one some builds of OpenCV end the process.

        Raises:
          UserError: this OpenCV has no windows, or there is no screen.
        """
        self._title, self._draw, self._toolkit = title, draw, toolkit
        if not screen():
            raise UserError(f"--show: there is no screen here; run it on a desktop, {LIVE}")
        try:
            toolkit.namedWindow(title, toolkit.WINDOW_NORMAL)
        except cv2.error:
            raise UserError(
                "--show: this OpenCV has no windows; pip install opencv-python in place of opencv-python-headless, "
                f"{LIVE}"
            ) from None

    def __call__(self, frame: VideoFrame, rows: Sequence[Row]) -> bool:
        """Show a frame. Returns False once q or Esc was pressed or the window closed."""
        if self._closed():  # showing a frame would open it again
            return False
        self._toolkit.imshow(self._title, cv2.cvtColor(self._draw(frame.image, rows), cv2.COLOR_RGB2BGR))
        return (self._toolkit.waitKey(1) & 0xFF) not in ENDS

    def close(self) -> None:
        """Close the window, if the user has not."""
        if not self._closed():
            self._toolkit.destroyWindow(self._title)

    def _closed(self) -> bool:
        return self._toolkit.getWindowProperty(self._title, self._toolkit.WND_PROP_VISIBLE) < 1
