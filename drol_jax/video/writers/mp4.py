"""`Mp4`: H.264 in MP4 by PyAV."""

import errno
import os
import shutil
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from drol_jax.errors import reason
from drol_jax.system import atomic
from drol_jax.video.extra import pyav
from drol_jax.video.writers.checks import CURE, cannot_write, even, fitting

UNIT = Fraction(1, 90_000)
"""Seconds that times are counted in: fine enough for every rate in use."""
PIECE = 1_000_000
"""Microseconds of film that are written together: what is lost at most where the process is killed."""
PIECES = "+frag_keyframe+delay_moov+default_base_moof"
"""The header comes with the first piece: only then is it known that decoding begins before the first frame is shown,
without which the film would begin two frames late."""
OPTIONS = {"preset": "superfast", "crf": "21"}
"""As good and as small as "veryfast" with 20, by .1 dB and 3 %, in 60 % of its time, which the tracker gets."""
THREADS = 2
"""Of the encoder. The bytes depend on it, so it is a constant; the tracker needs the other cores."""
BT709 = 1
"""Number of the colours of HD video in streams; players guess where nothing is said."""


class Mp4:
    """A `FilmWriter`. While it is under way, the file is in pieces that play up to where a killed process stopped.

    `close` puts an ordinary MP4 in its place, with the index in front, as browsers like it. The same images and times
    give the same bytes.
    """

    def __init__(self, path: Path, width: int, height: int, rate: Fraction) -> None:
        """Create the file; what was there is lost.

        Args:
          width: of the images, pixels; the film is padded to even numbers, which H.264 needs.
          rate: nominal frames a second. Frames are shown at their own times, whatever the rate.

        Raises:
          UserError: PyAV is not installed, or the file cannot be created.
        """
        self._av: Any = pyav()
        self._path, self._width, self._height = path, width, height
        self.notes: tuple[str, ...] = ()
        self._first: float | None = None
        self._last = -1
        self._bytes = 0
        self._done = False
        pieces = {"movflags": PIECES, "frag_duration": str(PIECE)}
        try:
            self._film = self._av.open(str(path), "w", format="mp4", options={**pieces, "flush_packets": "1"})
        except OSError as error:
            raise cannot_write(path, reason(error)) from error
        self._stream = self._film.add_stream("libx264", rate=rate, options=OPTIONS)
        self._stream.width, self._stream.height = width + width % 2, height + height % 2
        self._stream.pix_fmt = "yuv420p"
        context = self._stream.codec_context
        context.time_base, context.thread_count = UNIT, THREADS
        context.gop_size = max(1, round(2 * rate))
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = 1

    def add(self, image: np.ndarray, time: float) -> None:
        image = even(fitting(image, self._width, self._height, self._path))
        self._first = time if self._first is None else self._first
        rgb = self._av.VideoFrame.from_ndarray(image, format="rgb24")
        # Threads of its own for each picture take longer than the picture does.
        frame = rgb.reformat(format="yuv420p", dst_colorspace=BT709, dst_color_range=1, threads=1)
        frame.colorspace, frame.color_range = BT709, 1
        self._last = max(self._last + 1, round((time - self._first) / UNIT))
        frame.pts, frame.time_base = self._last, UNIT
        self._encode(frame)

    def close(self) -> None:
        if self._done:
            return
        self._done = True
        if self._first is not None:
            self._encode(None)
        try:
            self._film.close()
        except self._av.FFmpegError as error:
            raise cannot_write(self._path, reason(error)) from error
        if self._first is None:
            self._path.unlink(missing_ok=True)
            return
        self._join_pieces()

    def abandon(self) -> None:
        self._done = True
        with suppress(self._av.FFmpegError, OSError):
            self._film.close()

    def _encode(self, frame: Any) -> None:
        try:
            for packet in self._stream.encode(frame):
                self._bytes += packet.size
                self._film.mux(packet)
        except self._av.FFmpegError as error:
            self.abandon()
            raise cannot_write(self._path, reason(error)) from error

    def _make_sure_of(self, room: int) -> None:
        """Raise a UserError where the disk has less room, in bytes.

        PyAV 18.1 keeps a file open for good whose header it cannot write, and with it the file's place on the disk.
        """
        with suppress(FileNotFoundError):  # which is told of when the file is opened
            if shutil.disk_usage(self._path.parent).free < room:
                raise cannot_write(self._path, os.strerror(errno.ENOSPC))

    def _join_pieces(self) -> None:
        """Copy the packets to a file with one index, in front."""
        self._make_sure_of(self._bytes)
        with atomic.file(self._path, CURE, suffix=".mp4") as temporary:
            try:
                with (
                    self._av.open(str(self._path)) as pieces,
                    self._av.open(str(temporary), "w", format="mp4", options={"movflags": "+faststart"}) as whole,
                ):
                    stream = pieces.streams.video[0]
                    copy = whole.add_stream_from_template(stream)
                    for packet in pieces.demux(stream):
                        if packet.size:
                            packet.stream = copy
                            whole.mux(packet)
            except self._av.FFmpegError as error:
                raise cannot_write(self._path, reason(error)) from error
