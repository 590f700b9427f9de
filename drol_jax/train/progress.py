"""Progress of a training run on standard error."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from drol_jax.system import terminal

LINE_SECONDS = 30.0
"""Seconds between two lines where there is no terminal."""


class TrainMonitor:
    """A bar with the loss, the pace and the time left; without a terminal a line every LINE_SECONDS."""

    def __init__(self, console: Console | None = None, line_seconds: float = LINE_SECONDS):
        """Prepare; the bar shows inside the ``with`` block.

        Args:
          console: default is standard error.
        """
        self._console = console or terminal.console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("steps,"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._line_seconds, self._told = line_seconds, time.monotonic()
        self._task, self._total, self._words = None, 0, ""
        self._began, self._first = time.monotonic(), 0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def begin(self, step: int, total: int) -> None:
        """Training begins, or goes on, after `step` of `total` steps."""
        self._total, self._first, self._began = total, step, time.monotonic()
        self._task = self._progress.add_task("training", total=total, completed=step)

    def words(self, words: str) -> None:
        """What stands before the bar, such as the loss."""
        self._words = words
        if self._task is not None:
            self._progress.update(self._task, description=words)

    def step(self, done: int) -> None:
        """So many steps are done."""
        if self._task is not None:
            self._progress.update(self._task, completed=done)
        now = time.monotonic()
        if not self._console.is_terminal and now - self._told >= self._line_seconds:
            self._told = now
            left = (now - self._began) / max(done - self._first, 1) * (self._total - done)
            words = f"{self._words}, " if self._words else ""
            self.say(f"step {done} of {self._total}, {words}{span(left)} left")

    def say(self, words: str) -> None:
        """A line that stays."""
        self._console.print(words, soft_wrap=True)


def span(seconds: float) -> str:
    """Seconds as h:mm:ss."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


class Silent:
    """As `TrainMonitor`, of a process that is not the first: tells nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def begin(self, step: int, total: int) -> None:
        pass

    def words(self, words: str) -> None:
        pass

    def step(self, done: int) -> None:
        pass

    def say(self, words: str) -> None:
        pass
