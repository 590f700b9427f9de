"""`KeyFrames`: pictures of those frames of a video file that can be decoded by themselves, one at a time."""

from pathlib import Path
from threading import Lock

import numpy as np

from drol_jax.video.options import ReadOptions
from drol_jax.video.packets import Listing
from drol_jax.video.pyav import AvFile


class KeyFrames:
    """A file that is kept open. Calls may come from several threads."""

    def __init__(self, path: Path, listing: Listing) -> None:
        """Open the file.

        Raises:
          UserError: PyAV cannot open it.
        """
        self._listing, self._lock, self._closed = listing, Lock(), False
        self._file = AvFile(path, ReadOptions().rate, listing)

    def picture(self, number: int) -> np.ndarray | None:
        """uint8 RGB [H, W, 3] of a key frame; None where it is none, or cannot be decoded, or after `close`."""
        if number not in self._listing.key_frames:
            return None
        with self._lock:
            return None if self._closed else self._file.key_picture(self._listing.stamps[number])

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._closed = True
            self._file.close()
