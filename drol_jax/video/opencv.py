"""`CvFile`: a video file read by OpenCV."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

from cv2.utils import logging

from drol_jax.system.opencv import cv2, spelled
from drol_jax.video.files import believed, checked_file, cut_note, not_opened
from drol_jax.video.options import Mark
from drol_jax.video.reader import EndsHere, Facts, Seen
from drol_jax.video.timeline import Timeline
from drol_jax.video.whole import missing_bytes

MORE = ", PyAV knows more codecs (pip install 'drol_jax[video]')"
"""What is told of a codec: AV1 is one that OpenCV's own wheel cannot decode."""
TRIES = 32
"""To get a frame, before the file is taken to be at its end."""


class CvFile:
    """A `Reader`. Frames are counted as they come: OpenCV's own count and places are right in some formats only."""

    def __init__(self, path: Path, rate: Fraction) -> None:
        """Open the file.

        Args:
          rate: frames a second where the file has no timestamps and no rate.

        Raises:
          UserError: it is missing, or no video that OpenCV can decode.
        """
        checked_file(path)
        self._path = path
        with quiet():
            self._capture = cv2.VideoCapture(spelled(path), cv2.CAP_FFMPEG)
        if not self._capture.isOpened():
            raise not_opened(path, f"no video that OpenCV can decode{MORE}")
        nominal = believed(self._capture.get(cv2.CAP_PROP_FPS))
        count = round(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)) if nominal else 0
        self.facts = Facts(name=path.stem, where=str(path), rate=nominal, frames=count if count > 0 else None)
        self.cut = False
        self._timeline = Timeline(nominal or rate)
        self._note: tuple[str, ...] = ()
        self._damaged = 0

    @property
    def notes(self) -> tuple[str, ...]:
        damaged = f"decoding failed {self._damaged} times in the middle; what could not be decoded was passed over"
        return ((damaged,) if self._damaged and not self.cut else ()) + self._timeline.notes + self._note

    def close(self) -> None:
        self._capture.release()

    def frames(self, start: Mark) -> Iterator[Seen]:
        number, previous = -1, 0.0
        while self._grab():
            number += 1
            # Of the frame just grabbed, from 0. A film without timestamps says 0 for all.
            stamp = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            missing = number > 0 and stamp == previous == 0
            previous = stamp
            yield Seen(number, self._timeline.at(number, None if missing else stamp), self._picture)
        if number < 0:
            raise not_opened(self._path, f"OpenCV cannot decode one frame of it{MORE}")
        self._tell_end(number)

    def _grab(self) -> bool:
        """Go to the next frame; past some that cannot be decoded, at which OpenCV stops as at the end of the file."""
        failed = next((tried for tried in range(TRIES) if self._capture.grab()), None)
        self._damaged += failed or 0
        return failed is not None

    def _picture(self) -> cv2.typing.MatLike:
        found, bgr = self._capture.retrieve()
        if not found:
            raise EndsHere(f"{self._path}: a frame cannot be decoded; convert the file to H.264 in MP4")
        return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)

    def _tell_end(self, last: int) -> None:
        if missing := missing_bytes(self._path):
            self.cut, self._note = True, (cut_note(missing, last, self.facts.frames),)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep OpenCV and its decoders from printing while something is opened: what is wrong is told in one line."""
    # Its FFmpeg asks once in a process, at the first film; what it prints then is no help to a user.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    before = logging.getLogLevel()
    logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        logging.setLogLevel(before)
