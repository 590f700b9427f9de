"""`Film`: any frame of a video by its number, and its picture for the page."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from threading import Lock, RLock

import numpy as np

from drol_jax.errors import UserError
from drol_jax.studio.coarse import WIDTH, Coarse
from drol_jax.studio.jpeg import jpeg
from drol_jax.system.opencv import cv2
from drol_jax.tracking.described import video_of
from drol_jax.tracks.table import Video
from drol_jax.video.ahead import ahead
from drol_jax.video.frame import VideoFrame
from drol_jax.video.images import folder_images
from drol_jax.video.open import listing_of, open_frames, open_source
from drol_jax.video.options import ReadOptions
from drol_jax.video.packets import Listing
from drol_jax.video.source import Source

AHEAD = 48
"""Frames of a video file that are read past rather than sought; images are had by themselves."""
OPENING = 12
"""Frames that are read past in the time that a seek takes beside decoding from the key frame on."""
TOGETHER = 24
"""Of frames that are read past, up to which all are kept: those before it are asked for at the same time."""
DECODED, PICTURES = 128 * 2**20, 192 * 2**20
"""Bytes of decoded frames and of pictures that are kept."""
FILLED = 0.9
"""Of those bytes, up to which pictures are made ahead."""
CHUNK = 64
"""Frames that are decoded together to go backwards."""
QUALITY = 85  # of pictures, in per cent

OpenAt = Callable[[ReadOptions], Source]


class Film:
    """A video file, a folder of images, or a rendered sequence. Calls may come from several threads."""

    def __init__(self, path: Path, open_at: OpenAt | None = None, *, pictures: int = PICTURES):
        """Open the film.

        Args:
          open_at: opens it where it is no file; the path is then a mere name.
          pictures: bytes of pictures that are kept.

        Raises:
          UserError: it is none.
        """
        if open_at is None and path.is_dir():
            images = folder_images(path)
            open_at = partial(open_frames, images, path.resolve().name)
        self._path, self._open_at = path, open_at
        self._past = AHEAD if open_at is None else 0
        self._lock, self._shelf = RLock(), Lock()
        self._source: Source | None = None
        self._coarse = Coarse()
        self._listing: Listing | None = None
        self._listed, self._listing_once = False, Lock()
        self._frames: Iterator[VideoFrame] = iter(())
        self._next = 0
        self._decoded: OrderedDict[int, VideoFrame] = OrderedDict()
        self._pictures: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._room, self._held = pictures, Counter[int]()  # bytes of pictures: at most, and by their width
        self._times: dict[int, float] = {}
        self.ended: int | None = None
        """Number of frames, once the last one was met."""
        with closing(self._opened(ReadOptions())) as source:
            self.video: Video = video_of(source.info, path)
        self._step = float(1 / (self.video.rate or 25))

    def time(self, number: int) -> float:
        """Seconds of a frame since the first: its own where it was read, else by the nominal rate."""
        return self._times.get(number, number * self._step)

    def prepare(self) -> None:
        """List the packets of a video file, once, so that any frame is found at once.

        Raises:
          UserError: it cannot be opened any more.
        """
        with self._listing_once:
            if not self._listed and self._open_at is None:
                self._listing, self._listed = listing_of(self._path), True

    def frame(self, number: int) -> VideoFrame:
        """A frame.

        Raises:
          UserError: there is none of that number, or it cannot be decoded.
        """
        with self._lock:
            if number in self._decoded:
                self._decoded.move_to_end(number)
                return self._decoded[number]
            if self.ended is not None and number >= self.ended:
                raise UserError(f"frame {number}: the video ends before it, it has {self.ended} frames")
            if self._source is None or not self._reads_on(number):
                self._seek(number)
            elif number - self._next > TOGETHER:
                self._source.pass_over(number)
            for frame in self._frames:
                self._keep(frame)
                if frame.number == number:
                    return frame
            self.ended = self._next
            raise UserError(f"frame {number}: the video ends before it, it has {self.ended} frames")

    def coarse(self, number: int) -> tuple[int, bytes]:
        """A small picture that is had at once, as JPEG, with the number of its frame: the frame itself where it is kept
        so, or is an image; else the last one up to it that can be decoded by itself.

        Raises:
          UserError: there is none, or it cannot be decoded.
        """
        if (found := self._coarse.at(number)) is not None:
            return number, found
        if self._listing is not None and (key := self._coarse.key(self._path, self._listing, number)) is not None:
            return key
        if self._past:
            raise UserError(f"frame {number}: no picture is had before it is decoded")
        return number, self.picture(number, WIDTH)

    def key_frames(self) -> list[int]:
        """Numbers of the frames that can be decoded by themselves, as far as they are known."""
        return [] if self._listing is None else list(self._listing.key_frames)

    def picture(self, number: int, width: int) -> bytes:
        """A frame as JPEG.

        Args:
          width: pixels at most; larger frames are made smaller.

        Raises:
          UserError: as `frame`.
        """
        key = number, min(width, self.video.width)
        with self._shelf:
            if key in self._pictures:
                self._pictures.move_to_end(key)
                return self._pictures[key]
        return self._shelve(key, self.frame(number).image)

    def fill(self, frame: VideoFrame, width: int) -> bool:
        """Make the picture of a frame ahead of its time, a small one where there is no more room for those of that
        width. Returns whether there was room: nothing else is given up."""
        key = frame.number, min(width, self.video.width)
        with self._shelf:
            if key in self._pictures:
                return True
            full = self._held[key[1]] > FILLED * self._room
        if full:
            return self._coarse.put(frame.number, frame.image)
        self._shelve(key, frame.image)
        return True

    def forwards(self, first: int, *, shown: bool = False) -> Generator[VideoFrame, None, None]:
        """Frames from one on, decoded in a thread, beside those that the page asks for.

        Args:
          shown: whether the page will ask for each as it comes: then it need not be decoded once more for that.
        """
        with closing(ahead(self._opened(ReadOptions(start=first)))) as source:
            number = first
            for frame in source:
                self._times[frame.number] = frame.time
                number = frame.number
                frame = self._sized(frame)
                if shown:
                    with self._lock:
                        self._remember(frame)
                yield frame
            self.ended = number + 1

    def backwards(self, last: int) -> Generator[VideoFrame, None, None]:
        """Frames from one down to the first."""
        while last >= 0:
            first = max(0, last - CHUNK + 1)
            options = ReadOptions(start=first, end=last + 1)
            with closing(ahead(self._opened(options))) as source:
                chunk = list(source)
            for frame in reversed(chunk):
                self._times[frame.number] = frame.time
                yield self._sized(frame)
            last = first - 1

    def close(self) -> None:
        """Let go of the file."""
        self._coarse.close()
        with self._lock:
            if self._source is not None:
                self._source.close()

    def _shelve(self, key: tuple[int, int], image: np.ndarray) -> bytes:
        picture = jpeg(image, key[1], QUALITY)
        with self._shelf:
            self._held[key[1]] += len(picture) - len(self._pictures.pop(key, b""))
            self._pictures[key] = picture
            while self._held.total() > self._room and len(self._pictures) > 1:
                (_, width), gone = self._pictures.popitem(last=False)
                self._held[width] -= len(gone)
        return picture

    def _seek(self, number: int) -> None:
        if self._source is not None:
            self._source.close()
        self._source = None  # also where there is no such frame
        self._source = self._opened(ReadOptions(start=number))
        self._frames = iter(self._source)
        self._next = number

    def _reads_on(self, number: int) -> bool:
        """Whether a frame is come to sooner from where reading is than by a seek."""
        past = number - self._next
        if past < 0 or not self._past:
            return past == 0
        key = None if self._listing is None else self._listing.key_before(number)
        return past <= (self._past if key is None else number - key + OPENING)

    def _opened(self, options: ReadOptions) -> Source:
        """The film from some frame on."""
        if self._open_at is not None:
            return self._open_at(options)
        if options.start:
            self.prepare()
        return open_source(self._path, options, listing=self._listing)

    def _keep(self, frame: VideoFrame) -> None:
        frame = self._sized(frame)
        self._next = frame.number + 1
        self._times[frame.number] = frame.time
        self._remember(frame)

    def _remember(self, frame: VideoFrame) -> None:
        self._decoded[frame.number] = frame
        while len(self._decoded) * frame.image.nbytes > DECODED and len(self._decoded) > 1:
            self._decoded.popitem(last=False)

    def _sized(self, frame: VideoFrame) -> VideoFrame:
        """In the size of the first frame, in which boxes are: a reading that starts elsewhere may have another one."""
        size = self.video.width, self.video.height
        if frame.image.shape[1::-1] == size:
            return frame
        return VideoFrame(frame.number, frame.time, cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA))
