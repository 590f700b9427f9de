"""`Progress`: how far a video is, how fast it goes, and what state each target is in."""

import time
from collections.abc import Callable, Iterable, Sequence

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text

from drol_jax.show.rate import Rate
from drol_jax.system import terminal
from drol_jax.tracks.table import Row
from drol_jax.video.frame import VideoFrame

LINE_SECONDS = 5.0
"""Between two lines where there is no terminal."""
TOLD = 3
"""Targets that are told by name."""


class _Bar(Bars):
    """A bar, and below it a line of words that is cut off where the terminal ends."""

    words = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        yield self.make_tasks_table(self.tasks)
        if self.words:
            yield Text(self.words, no_wrap=True, overflow="ellipsis")


class Progress:
    """A bar on a terminal, else a line now and then; in a `with` block."""

    def __init__(
        self,
        frames: int | None,
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        """Begin.

        Args:
          frames: to come, where known.
          console: by default standard error.
          clock: seconds that grow.
        """
        self._console = console or terminal.console(stderr=True)
        self._rate, self._due = Rate(clock), clock() + LINE_SECONDS
        self._total, self._done = frames, 0
        self._bar = _Bar(
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(compact=True),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("", total=frames, rate="")

    def __call__(self, frame: VideoFrame, rows: Sequence[Row]) -> bool:
        """Count a frame. Returns True: it never wants an end."""
        self._done += 1
        now, rate = self._rate.tick(), f"{self._rate.now():.1f} frames/s"
        if self._console.is_terminal:
            self._bar.words = states(rows)
            self._bar.update(self._task, completed=self._done, rate=rate)
        elif now >= self._due:
            self._due = now + LINE_SECONDS
            of = "" if self._total is None else f" of {self._total}"
            self._console.print(f"frame {self._done}{of}, {rate}; {states(rows)}", soft_wrap=True)
        return True

    def __enter__(self) -> "Progress":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def states(rows: Sequence[Row]) -> str:
    """The states of the targets in words, of many only the first few by name."""
    if not rows:
        return "no target yet"
    told = ", ".join(f"{row.name} {row.state}" for row in rows[:TOLD])
    return told if len(rows) <= TOLD else f"{told}, +{len(rows) - TOLD} more"
