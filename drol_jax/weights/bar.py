"""How far a download is: a bar on a terminal, nothing elsewhere."""

from types import TracebackType

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from drol_jax.system import terminal


class Bar:
    """A bar for one file, on standard error; in a `with` block."""

    def __init__(self, name: str):
        columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        console = terminal.console(stderr=True)
        self._bars = Progress(
            TextColumn("{task.description}"), *columns, console=console, disable=not console.is_terminal, transient=True
        )
        self._task = self._bars.add_task(name, total=None)

    def __enter__(self) -> "Bar":
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def told(self, done: int, whole: int | None) -> None:
        """Show that so many bytes of so many are there."""
        self._bars.update(self._task, completed=done, total=whole)
