"""`Listing`: a video file's packets; `Place`: where to seek to, so that a frame of a given number is met exactly."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any

from drol_jax.video.options import Mark

CONTAINERS = ("mp4", "matroska")
"""Whose key frames can be sought by their times of display. In a transport stream none is found."""
CODECS = ("h264", "hevc", "vp9", "av1", "mjpeg", "mpeg4", "prores", "ffv1")
"""Of which each packet is one shown frame, so that packets can be counted in place of frames. VP8 hides some."""
REORDERED = 64
"""Packets that are read past the wanted one: more than any codec puts out of order."""


@dataclass(frozen=True)
class Place:
    """A frame to be reached, and the key frame to start from."""

    stamps: tuple[int, ...]
    """Times of display of the frames so far, rising, in units of the stream."""
    target: int
    keyframe: int
    unit: Fraction
    """Seconds."""

    def number_of(self, stamp: int) -> int | None:
        """Of the frame that is shown at a time; None past those that were listed."""
        return bisect_left(self.stamps, stamp) if stamp <= self.stamps[-1] else None

    @property
    def origin_seconds(self) -> float:
        """Time of the first frame by the film's clock."""
        return float(self.stamps[0] * self.unit)


@dataclass(frozen=True)
class Listing:
    """Packets of a file, each of which is one shown frame."""

    stamps: tuple[int, ...]
    """Times of display, rising, in units of the stream; the first is that of the frame that decoding gives first."""
    keys: tuple[int, ...]
    """Those of key frames, rising."""
    unit: Fraction
    """Seconds."""

    def place(self, start: Mark) -> Place | None:
        """Where to seek to; None where the wanted frame is behind those that were listed."""

        def time(at: int) -> float:
            return float((self.stamps[at] - self.stamps[0]) * self.unit)

        at = bisect_left(range(len(self.stamps)), True, key=lambda at: start.reached(at, time(at)))
        before = bisect_right(self.keys, self.stamps[at]) if at < len(self.stamps) else 0
        return Place(self.stamps, self.stamps[at], self.keys[before - 1], self.unit) if before else None

    @cached_property
    def key_frames(self) -> tuple[int, ...]:
        """Numbers of the frames that can be decoded by themselves, rising."""
        return tuple(bisect_left(self.stamps, key) for key in self.keys)

    def key_before(self, number: int) -> int | None:
        """Number of the last such frame up to one; None where there is none."""
        before = bisect_right(self.key_frames, number)
        return self.key_frames[before - 1] if before else None


def listed(container: Any, stream: Any, first: int, start: Mark | None = None) -> Listing | None:
    """List packets, without decoding them.

    Args:
      container: PyAV's, at its start.
      first: time of display of the first frame that decoding gives.
      start: a wanted frame, up to which packets are listed; None lists all.

    Returns:
      None where packets cannot stand for frames: decode from the start.
    """
    names = container.format.name.split(",")
    if stream.codec_context.name not in CODECS and stream.codec_context.codec.canonical_name not in CODECS:
        return None
    if not any(name in CONTAINERS for name in names):
        return None
    stamps: list[int] = []
    keys: list[int] = []
    past = 0
    for packet in container.demux(stream):
        if not packet.size or packet.is_discard:
            continue
        if packet.pts is None:
            return None
        stamps.append(packet.pts)
        if packet.is_keyframe:
            keys.append(packet.pts)
        time = float((packet.pts - first) * stream.time_base)
        past += start is not None and start.reached(len(stamps) - 1, time)
        if past > REORDERED:
            break
    ordered = sorted(stamps)
    if not ordered or ordered[0] != first or any(a == b for a, b in pairwise(ordered)):
        return None
    return Listing(tuple(ordered), tuple(sorted(keys)), stream.time_base)
