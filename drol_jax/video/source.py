"""`Source`: the frames of any reader, chosen and sized by the options."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from drol_jax.errors import UserError
from drol_jax.system.opencv import cv2
from drol_jax.video.frame import VideoFrame, VideoInfo
from drol_jax.video.options import ReadOptions
from drol_jax.video.reader import EndsHere, Reader, Seen


@dataclass(frozen=True)
class Size:
    """Of frames, pixels."""

    width: int
    height: int

    @classmethod
    def of(cls, image: np.ndarray) -> "Size":
        """The size of an image [H, W, ...]."""
        return cls(image.shape[1], image.shape[0])

    def __str__(self) -> str:
        return f"{self.width} x {self.height}"


class Source:
    """A `VideoSource` over a reader.

    A frame of another size than the first is resized to it, whatever the kind of source, so that a box means the same
    in all frames; a note says from which frame on.
    """

    def __init__(self, reader: Reader, options: ReadOptions) -> None:
        """Decode the first frame that is wanted.

        Raises:
          UserError: there is none.
        """
        self._reader, self._options = reader, options
        self._seen = reader.frames(options.first)
        self._notes: tuple[str, ...] = ()
        self._read = self._cut = self._closed = False
        self._due = 0
        try:
            self._first, image = self._find_first()
        except BaseException:
            self.close()
            raise
        self._native = Size.of(image)
        self._given, scale = fitted(self._native, options.max_size)
        facts = reader.facts
        left = None if facts.frames is None else options.left_of(facts.frames, facts.rate)
        self._info = VideoInfo(
            name=facts.name,
            width=self._given.width,
            height=self._given.height,
            scale=scale,
            rate=facts.rate,
            frames=None if facts.live else left,
            total=None if facts.live else facts.frames,
            live=facts.live,
        )
        self._image: np.ndarray | None = self._sized(image)

    @property
    def info(self) -> VideoInfo:
        return self._info

    @property
    def notes(self) -> tuple[str, ...]:
        return self._notes + self._reader.notes

    @property
    def cut(self) -> bool:
        return self._cut or self._reader.cut

    def __iter__(self) -> Iterator[VideoFrame]:
        if self._read:
            raise UserError(f"{self._reader.facts.where}: its frames were read already; open it again")
        self._read = True
        return self._frames()

    def pass_over(self, number: int) -> None:
        """Make no pictures of frames before that one any more: they are not given, and cost less."""
        self._due = max(self._due, number)

    def close(self) -> None:
        self._closed = True
        self._reader.close()

    def _find_first(self) -> tuple[Seen, np.ndarray]:
        where, count = self._reader.facts.where, 0
        for seen in self._seen:
            count = seen.number + 1
            if self._options.last is not None and self._options.last.reached(seen.number, seen.time):
                break
            if self._options.first.reached(seen.number, seen.time):
                return seen, seen.picture()
        else:
            told = "".join(f" ({note})" for note in self._reader.notes)
            if not count:
                raise UserError(f"{where}: not one frame can be decoded{told}; check the file")
            start = self._options.start
            raise UserError(f"{where}: start {start} is behind its end, it has {count} frames{told}; lower start")
        raise UserError(f"{where}: no frame lies between start {self._options.start or 0} and end {self._options.end}")

    def _frames(self) -> Iterator[VideoFrame]:
        image, self._image = self._image, None
        assert image is not None
        yield VideoFrame(self._first.number, self._first.time, image)
        self._due = max(self._due, self._first.number + self._options.every)
        # Not a for: after `close` the reader must not be asked again.
        while not self._closed and (seen := next(self._seen, None)) is not None:
            if self._options.last is not None and self._options.last.reached(seen.number, seen.time):
                break
            # Live sources leave numbers out: the next is due, not one that divides evenly.
            if seen.number < self._due:
                continue
            self._due = seen.number + self._options.every
            try:
                placed = self._placed(seen)
            except EndsHere as error:
                self._cut = True
                self._notes = (*self._notes, f"ended before frame {seen.number}: {error}")
                break
            yield VideoFrame(seen.number, seen.time, placed)

    def _placed(self, seen: Seen) -> np.ndarray:
        image = seen.picture()
        size = Size.of(image)
        if size != self._native and not self._notes:
            self._notes = (f"frame {seen.number} is {size}, the first {self._native}: given in the first's size",)
        return self._sized(image)

    def _sized(self, image: np.ndarray) -> np.ndarray:
        if Size.of(image) == self._given:
            return image
        smaller = image.shape[1] >= self._given.width and image.shape[0] >= self._given.height
        method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        return cv2.resize(image, (self._given.width, self._given.height), interpolation=method)


def fitted(size: Size, longest: int | None) -> tuple[Size, float]:
    """The size that frames are given in, and its pixels for one of theirs.

    Args:
      longest: limit of the longest side, pixels; None for none.
    """
    scale = 1.0 if longest is None else min(1.0, longest / max(size.width, size.height))
    return Size(max(1, round(size.width * scale)), max(1, round(size.height * scale))), scale
