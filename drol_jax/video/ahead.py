"""`ahead`: a source whose frames are decoded in a thread, beside what is done with them."""

import queue
import threading
from collections.abc import Iterator

from drol_jax.errors import UserError
from drol_jax.video.frame import VideoFrame, VideoInfo, VideoSource

_END = object()


def ahead(source: VideoSource, depth: int = 4) -> VideoSource:
    """The same source, decoded in a thread.

    An error comes out after all frames before it. Closing waits for the frame that is being decoded and for no other.

    Args:
      depth: frames that may wait, >= 1; each is held in memory.

    Returns:
      The source itself where it is live: it has a thread of its own, and frames that wait would be old ones.

    Raises:
      UserError: depth < 1.
    """
    if depth < 1:
        raise UserError(f"depth {depth} must be at least 1; raise it")
    return source if source.info.live else _Ahead(source, depth)


class _Ahead:
    def __init__(self, source: VideoSource, depth: int) -> None:
        self._source = source
        self._waiting: queue.Queue[object] = queue.Queue(depth)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="drol-ahead", daemon=True)

    @property
    def info(self) -> VideoInfo:
        return self._source.info

    @property
    def notes(self) -> tuple[str, ...]:
        return self._source.notes

    @property
    def cut(self) -> bool:
        return self._source.cut

    def __iter__(self) -> Iterator[VideoFrame]:
        self._frames = iter(self._source)
        self._thread.start()
        return self._given()

    def close(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._empty()
            self._thread.join()
        self._empty()
        self._put_end()
        self._source.close()

    def _given(self) -> Iterator[VideoFrame]:
        try:
            while not self._stop.is_set():
                item = self._waiting.get()
                if item is _END:
                    return
                if isinstance(item, BaseException):
                    raise item
                assert isinstance(item, VideoFrame)
                yield item
        finally:  # also where the consumer stops early
            self.close()

    def _run(self) -> None:
        last: object = _END
        try:
            for frame in self._frames:
                if not self._put(frame):
                    return
        except BaseException as error:
            last = error
        self._put(last)

    def _put(self, item: object) -> bool:
        """Hand over; False where nobody waits any more."""
        while not self._stop.is_set():
            try:
                self._waiting.put(item, timeout=0.05)
            except queue.Full:
                continue
            return True
        return False

    def _empty(self) -> None:
        while not self._waiting.empty():
            self._waiting.get_nowait()

    def _put_end(self) -> None:
        """Wake a consumer of another thread."""
        if self._waiting.empty():
            self._waiting.put_nowait(_END)
