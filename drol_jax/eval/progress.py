"""Progress of a benchmark run on standard error."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock
from types import TracebackType
from typing import Self

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text

from drol_jax.system import terminal


class FrameRate(ProgressColumn):
    """Frames per second of the task, as it goes."""

    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:.1f} fps")


class Bars(Progress):
    """A bar for each sequence at hand, and below them a line on the whole run."""

    def __init__(self, words: Callable[[], str], console: Console):
        self._words = words  # first: Progress draws itself as it is made
        super().__init__(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            FrameRate(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def get_renderables(self) -> Iterable[RenderableType]:
        yield self.make_tasks_table(self.tasks)
        if words := self._words():
            yield Text(words, no_wrap=True, overflow="ellipsis")


class ProgressMonitor:
    """A bar for each sequence at hand, a line for each that ends, and one line on the whole: runs, workers, frames a
    second, time left. Without a terminal only the lines of those that end."""

    def __init__(self, total: int, console: Console | None = None, clock: Callable[[], float] = time.monotonic):
        """Prepare; the bars show inside the ``with`` block.

        Args:
          total: number of runs (sequences x trackers x seeds).
          console: default is standard error.
          clock: seconds that grow.
        """
        self._console = console or terminal.console(stderr=True)
        self._total, self._count = total, 0
        self._clock, self._began = clock, clock()
        self._workers = self._frames = 0
        self._lengths = list[int]()
        self._open = set[SequenceProgress]()
        self._lock = Lock()
        self._progress = Bars(lambda: self.words, self._console)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    @property
    def words(self) -> str:
        """The whole run in a line; empty before the first frame, and where there is one run alone."""
        with self._lock:
            if self._total < 2 or not self._frames:
                return ""
            pace = self._frames / max(self._clock() - self._began, 1e-6)
            mean = sum(self._lengths) / len(self._lengths)  # those to come are taken to be as long
            left = sum(one.left for one in self._open) + mean * (self._total - self._count)
            workers = f"{self._workers} worker{'' if self._workers == 1 else 's'} at work"
            ended = f"{self._count - len(self._open)} of {self._total} runs ended"
            return f"{ended}, {workers}, {pace:.1f} frames/s in all, {timedelta(seconds=round(left / pace))} left"

    def begin(self, what: str, frames: int) -> "SequenceProgress":
        with self._lock:
            self._count += 1
            self._lengths.append(frames)
            what = f"[{self._count}/{self._total}] {what}"
        one = SequenceProgress(self._progress, self._console, what, frames, self.closed)
        with self._lock:
            self._open.add(one)
        return one

    def skip(self, what: str, runs: int, reason: str) -> None:
        with self._lock:
            self._count += runs
            count = self._count
        self._console.print(f"[{count}/{self._total}] {what}: failed: {reason}", soft_wrap=True)

    @contextmanager
    def working(self) -> Iterator[None]:
        """A part in which one more worker is at a run."""
        with self._lock:
            self._workers += 1
        try:
            yield
        finally:
            with self._lock:
                self._workers -= 1

    def went(self, frames: int) -> None:
        """Count frames that were tracked now."""
        with self._lock:
            self._frames += frames

    def closed(self, one: "SequenceProgress", ended: bool) -> None:
        """Count that a sequence has ended, or that it comes again."""
        with self._lock:
            self._open.discard(one)
            self._count -= not ended


class SequenceProgress:
    """The bar of one sequence."""

    def __init__(
        self,
        progress: Progress,
        console: Console,
        what: str,
        frames: int,
        closed: Callable[["SequenceProgress", bool], None],
    ):
        self._progress, self._console, self._what, self._closed = progress, console, what, closed
        self._task = progress.add_task(what, total=frames)
        self.left = frames
        """Frames that are still to come."""
        self._frames = frames

    def frame(self, index: int) -> None:
        self.left = self._frames - index - 1
        self._progress.update(self._task, completed=index + 1)

    def later(self) -> None:
        self._progress.remove_task(self._task)
        self._closed(self, False)

    def end(self, outcome: str) -> None:
        self._progress.remove_task(self._task)
        self._closed(self, True)
        self._console.print(f"{self._what}: {outcome}", soft_wrap=True)
