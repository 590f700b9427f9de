"""Text and tables on a terminal: plain words, names never cut off, the same look in every program."""

from collections.abc import Iterable
from typing import IO, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from drol_jax.errors import one_line

UNLIMITED = 10_000
"""Width given to files and pipes, which cut nothing off; tables only take what their cells need."""


class _Console(Console):
    """Rich ends a program with 1, as if it had failed, where the reader of its output has gone."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str("\n".join(map(one_line, text.split("\n"))), **options)


def plain(text: str, style: str = "") -> Text:
    """A cell of one line. Names of others bring nothing into it that a terminal obeys."""
    return Text(one_line(text), style)


def console(file: IO[str] | None = None, *, stderr: bool = False) -> Console:
    """A console that prints words as they stand, without markup or colours of numbers.

    Args:
      file: where to print; default is standard output. A file or a pipe gets plain text without truncation.
      stderr: print to standard error instead.
    """
    made = _Console(file=file, stderr=stderr, highlight=False, markup=False, emoji=False)
    if not stderr and not made.is_terminal:
        made.width = UNLIMITED
    return made


def table(names: Iterable[str], numbers: Iterable[str] = ()) -> Table:
    """An empty table: columns of names on the left, which fold where room is short, then columns of numbers.

    Args:
      names: heads of the columns of names.
      numbers: heads of the columns of numbers; a line break makes two rows.
    """
    made = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), collapse_padding=True)
    for head in names:
        made.add_column(head, overflow="fold")
    for head in numbers:
        made.add_column(head, justify="right", no_wrap=True)
    return made


def plus_minus(to: Console) -> str:
    """The sign "±", or "+-" where the console's encoding lacks it."""
    return "±" if to.encoding.lower().startswith("utf") else "+-"
