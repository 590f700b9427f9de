"""Progress of a benchmark run on standard error."""

from collections.abc import Callable
from threading import Lock
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.text import Text

from drol_jax.system import terminal


class FrameRate(ProgressColumn):
    """Frames per second of the task, as it goes."""

    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:.1f} fps")


class ProgressMonitor:
    """A bar for each sequence at hand, and a line for each that ends; without a terminal only the lines."""

    def __init__(self, total: int, console: Console | None = None):
        """Prepare; the bar shows inside the ``with`` block.

        Args:
          total: number of runs (sequences x trackers x seeds).
          console: default is standard error.
        """
        console = console or terminal.console(stderr=True)
        self._total, self._count = total, 0
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            FrameRate(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._console = console
        self._lock = Lock()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def begin(self, what: str, frames: int) -> "SequenceProgress":
        what = f"[{self._counted(1)}/{self._total}] {what}"
        return SequenceProgress(self._progress, self._console, what, frames, lambda: self._counted(-1))

    def skip(self, what: str, runs: int, reason: str) -> None:
        self._console.print(f"[{self._counted(runs)}/{self._total}] {what}: failed: {reason}", soft_wrap=True)

    def _counted(self, runs: int) -> int:
        with self._lock:
            self._count += runs
            return self._count


class SequenceProgress:
    """The bar of one sequence."""

    def __init__(
        self, progress: Progress, console: Console, what: str, frames: int, uncount: Callable[[], object] = int
    ):
        self._progress, self._console, self._what, self._uncount = progress, console, what, uncount
        self._task = progress.add_task(what, total=frames)

    def frame(self, index: int) -> None:
        self._progress.update(self._task, completed=index + 1)

    def later(self) -> None:
        self._progress.remove_task(self._task)
        self._uncount()

    def end(self, outcome: str) -> None:
        self._progress.remove_task(self._task)
        self._console.print(f"{self._what}: {outcome}", soft_wrap=True)
