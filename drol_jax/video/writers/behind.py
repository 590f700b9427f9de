"""`Behind`: a film writer that encodes in a thread, beside what makes the images."""

import queue
import threading

import numpy as np

from drol_jax.video.writers.film import FilmWriter

_END = object()


class Behind:
    """A `FilmWriter` over another. An error of the other comes out at the next `add` or at `close`, once."""

    def __init__(self, film: FilmWriter, depth: int = 8) -> None:
        """Start the thread.

        Args:
          depth: images that may wait, >= 1; `add` waits where there are so many.
        """
        self._film = film
        self._waiting: queue.Queue[object] = queue.Queue(depth)
        self._error: BaseException | None = None
        self._failed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="drol-film", daemon=True)
        self._thread.start()

    @property
    def notes(self) -> tuple[str, ...]:
        return self._film.notes

    def add(self, image: np.ndarray, time: float) -> None:
        self._raise()
        self._waiting.put((image, time))

    def close(self) -> None:
        if self._thread.is_alive():
            self._waiting.put(_END)
            self._thread.join()
        if self._failed.is_set():
            self._film.abandon()
            self._raise()
        else:
            self._film.close()

    def abandon(self) -> None:
        self._failed.set()
        if self._thread.is_alive():
            self._waiting.put(_END)
            self._thread.join()
        self._film.abandon()

    def _run(self) -> None:
        """Encode until the end. After an error what waits is thrown away, so that `add` never waits for ever."""
        while (item := self._waiting.get()) is not _END:
            if self._failed.is_set():
                continue
            image, time = item  # pyright: ignore[reportGeneralTypeIssues]
            try:
                self._film.add(image, time)
            except BaseException as error:
                self._error = error
                self._failed.set()

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error
