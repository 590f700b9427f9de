"""`Worker`: one thread that tracks, one task at a time."""

from collections.abc import Callable
from threading import Condition, Thread

from drol_jax.errors import UserError, reason

Task = Callable[[Callable[[], bool]], None]
"""Called in the thread with a function that tells whether to go on."""


class Worker:
    """Runs tasks until it is closed. A task asks now and then whether it is to go on."""

    def __init__(self, failed: Callable[[str], object]):
        """Start the thread.

        Args:
          failed: is told in words what stopped a task.
        """
        self._failed = failed
        self._task: Task | None = None
        self._busy = self._stop = self._closed = False
        self._changed = Condition()
        self._thread = Thread(target=self._run, name="drol-studio", daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether a task is under way."""
        return self._busy

    def start(self, task: Task) -> None:
        """Begin a task.

        Raises:
          UserError: another one is under way.
        """
        with self._changed:
            if self._busy or self._closed:
                raise UserError("the tracker is at work; pause it first")
            self._task, self._busy, self._stop = task, True, False
            self._changed.notify_all()

    def stop(self, seconds: float = 60.0) -> None:
        """Have the task end after the frame at hand, and wait for that."""
        with self._changed:
            self._stop = True
            self._changed.wait_for(lambda: not self._busy, seconds)

    def wait(self, seconds: float) -> bool:
        """Wait until nothing is under way. Returns whether that came about."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._busy, seconds)

    def close(self) -> None:
        """End the thread."""
        self.stop()
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(5)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._task is not None)
                if self._closed:
                    return
                task, self._task = self._task, None
            assert task is not None
            try:
                task(lambda: not self._stop)
            except UserError as error:
                self._failed(str(error))
            except Exception as error:  # a fault of ours: the page is told, the session goes on
                self._failed(f"{type(error).__name__}: {reason(error)}")
            finally:
                with self._changed:
                    self._busy = False
                    self._changed.notify_all()
