"""`AvFile`: a video file read by PyAV, with the file's own timestamps and exact seeking."""

from collections.abc import Generator, Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from drol_jax.errors import UserError, reason
from drol_jax.system.opencv import cv2
from drol_jax.video.extra import pyav
from drol_jax.video.files import believed, checked_file, cut_note, not_opened
from drol_jax.video.options import Mark
from drol_jax.video.packets import Listing, Place, listed
from drol_jax.video.reader import Facts, Seen
from drol_jax.video.timeline import Timeline
from drol_jax.video.whole import missing_bytes

DROPPABLE = ("h264", "mpeg4")
"""Codecs whose frames that no other is made from are left out on the way to a wanted one. In HEVC those that are called
so may still be referred to, from another layer."""


class AvFile:
    """A `Reader`. Frames that an edit list leaves out are not given; the first that is shown is number 0 at time 0."""

    def __init__(self, path: Path, rate: Fraction, listing: Listing | None = None) -> None:
        """Open the file.

        Args:
          rate: frames a second where the file has no timestamps and no rate.
          listing: all packets of the file, where they were listed before.

        Raises:
          UserError: it is missing, no video, or of a codec that PyAV cannot decode; or PyAV is not installed.
        """
        self._av: Any = pyav()
        checked_file(path)
        self._path = path
        self._listing = listing
        self._container = self._opened()
        stream = self._stream()
        nominal = believed(stream.average_rate) or believed(stream.guessed_rate)
        self.facts = Facts(name=path.stem, where=str(path), rate=nominal, frames=_estimate(stream, nominal))
        self.cut = False
        self._timeline = Timeline(nominal or rate)
        self._notes: tuple[str, ...] = ()
        self._damaged = 0

    @property
    def notes(self) -> tuple[str, ...]:
        damaged = f"{self._damaged} packets cannot be decoded and were passed over"
        return ((damaged,) if self._damaged else ()) + self._timeline.notes + self._notes

    def close(self) -> None:
        self._container.close()

    def frames(self, start: Mark) -> Iterator[Seen]:
        place = None if start == Mark(frame=0) else self._place(start)
        if place is not None:
            decoded = self._decoded(place)
            first = next(decoded, None)
            if first is not None and first.pts is not None and first.pts <= place.target:
                yield from self._numbered(first, decoded, place)
                return
            decoded.close()
            self._notes, self.cut, self._damaged = (), False, 0
            self._reopen()
        decoded = self._decoded(None)
        first = next(decoded, None)
        if first is not None:
            yield from self._numbered(first, decoded, None)

    def _numbered(self, first: Any, others: Iterator[Any], place: Place | None) -> Iterator[Seen]:
        """Frames with their numbers and times; after a seek, those of a reading from the start."""
        number, unit = -1, self._stream().time_base
        if place is not None:  # the clock starts at the file's first frame, which may be passed over here
            self._timeline.at(0, place.origin_seconds)
        for frame in chain([first], others):
            found = None if place is None or frame.pts is None else place.number_of(frame.pts)
            number = number + 1 if found is None else found
            stamp = None if frame.pts is None else float(frame.pts * unit)
            time = 0.0 if place is not None and number == 0 else self._timeline.at(number, stamp)
            yield Seen(number, time, lambda frame=frame: upright(frame))
        self._tell_end(number)

    def _decoded(self, place: Place | None) -> Generator[Any, None, None]:
        """Decoded frames as PyAV gives them, in order of display. Damaged packets are passed over and counted."""
        stream = self._stream()
        stream.thread_type = "AUTO"
        if place is not None:
            self._container.seek(place.keyframe, stream=stream, backward=True, any_frame=False)
        packets, ahead = self._packets(stream), None
        passes = place is not None and stream.codec_context.name in DROPPABLE
        for packet in packets:
            if ahead is not None:
                if passes and place is not None and ahead.pts is not None:
                    stream.codec_context.skip_frame = "NONREF" if ahead.pts < place.target else "DEFAULT"
                yield from self._decode(ahead)
            ahead = packet
        stream.codec_context.skip_frame = "DEFAULT"
        # A last packet that its header calls longer than it is decodes to a picture that is grey or wrong below.
        if ahead is not None and not ahead.is_corrupt:
            yield from self._decode(ahead)
        elif ahead is not None:
            self._end_early("its last packet is not whole")
        with suppress(self._av.FFmpegError):
            yield from stream.codec_context.decode(None)

    def _packets(self, stream: Any) -> Iterator[Any]:
        try:
            for packet in self._container.demux(stream):
                if packet.size:
                    yield packet
        except self._av.FFmpegError as error:
            self._end_early(f"{type(error).__name__} ({reason(error)})")

    def _decode(self, packet: Any) -> list[Any]:
        try:
            return packet.decode()
        except self._av.FFmpegError:
            self._damaged += 1
            return []

    def _end_early(self, why: str) -> None:
        self.cut, self._notes = True, (why,)

    def _tell_end(self, last: int) -> None:
        missing = missing_bytes(self._path)
        if missing or self.cut:
            self.cut = True
            self._notes = (cut_note(missing, last, self.facts.frames, ", ".join(self._notes)),)

    def listing(self) -> Listing | None:
        """All packets of the file; None where seeking is not exact. Leaves the file at its start."""
        return self._listed(None)

    def key_picture(self, stamp: int) -> np.ndarray | None:
        """The picture of a key frame, by its time of display; None where it cannot be decoded. Other frames cannot be
        read meanwhile."""
        stream = self._stream()
        self._container.seek(stamp, stream=stream, backward=True, any_frame=False)
        for packet in self._packets(stream):
            if packet.pts == stamp:
                frames = self._decode(packet)
                with suppress(self._av.FFmpegError):
                    frames += stream.codec_context.decode(None)
                return next((upright(frame) for frame in frames if frame.pts == stamp), None)
            if packet.is_keyframe and packet.pts is not None and packet.pts > stamp:
                break
        return None

    def _place(self, start: Mark) -> Place | None:
        """Where to seek to; None where seeking is not exact. Leaves the file at its start."""
        listing = self._listing or self._listed(start)
        return None if listing is None else listing.place(start)

    def _listed(self, start: Mark | None) -> Listing | None:
        first = next(self._decoded(None), None)
        self._reopen()
        found = None
        if first is not None and first.pts is not None:
            with suppress(self._av.FFmpegError):
                found = listed(self._container, self._stream(), first.pts, start)
        self._damaged = 0
        self._reopen()
        return found

    def _reopen(self) -> None:
        self._container.close()
        self._container = self._opened()

    def _opened(self) -> Any:
        try:
            container = self._av.open(str(self._path))
        except self._av.FFmpegError as error:
            raise not_opened(self._path, f"no video that PyAV can read ({error.strerror})") from error
        try:
            self._check(container)
        except BaseException:
            container.close()
            raise
        return container

    def _check(self, container: Any) -> None:
        streams = _pictures(container)
        if not streams:
            kinds = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
            raise UserError(f"{self._path}: holds no video, only {kinds}; give a file with pictures")
        if streams[0].codec_context is None:
            raise not_opened(self._path, "its codec is unknown to this PyAV")

    def _stream(self) -> Any:
        return _pictures(self._container)[0]


def upright(frame: Any) -> np.ndarray:
    """The picture of a PyAV frame, turned as its display matrix says.

    The frame's own matrix and range of colours are honoured. Of all formats the result is that of OpenCV to the bit,
    which asks for BGR by the bicubic method.

    Returns:
      uint8 RGB [H, W, 3], C-contiguous.
    """
    # In one thread, which is three times as fast as to start some for each picture.
    bgr = frame.reformat(format="bgr24", interpolation="BICUBIC", threads=1).to_ndarray()
    image = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    return np.ascontiguousarray(np.rot90(image, frame.rotation // 90)) if frame.rotation else image


def _pictures(container: Any) -> list[Any]:
    """The streams that move: a cover of a piece of music does not."""
    return [
        stream for stream in container.streams.video if type(stream.disposition).attached_pic not in stream.disposition
    ]


def _estimate(stream: Any, rate: Fraction | None) -> int | None:
    """Frames by the header: of those stored an edit list may leave some out, which the duration tells."""
    length = stream.duration * stream.time_base if stream.duration else None
    if length is None and stream.container.duration:
        length = Fraction(stream.container.duration, 1_000_000)
    by_time = None if length is None or rate is None else round(length * rate)
    counts = [count for count in (by_time, stream.frames) if count]
    return min(counts, default=None)
