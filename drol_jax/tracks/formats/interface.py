"""What a format of tracks is: a stream that grows with each frame, or a document made of all rows at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from drol_jax.tracks.table import Row, Video

Numbers = Mapping[str, int]
"""Numbers of targets, from 1, by name, in the order of their first row."""


@dataclass(frozen=True, kw_only=True)
class Stream:
    """A format whose file is appended to as frames are done."""

    suffix: str
    """End of the file's name, with its dot."""
    begin: Callable[[Video], str]
    """Text at the file's start."""
    lines: Callable[[Sequence[Row], Numbers], str]
    """Text of the rows of one frame."""
    beside: Mapping[str, Callable[[Numbers], str]]
    """Small files beside it, by suffix, made again whenever a target is new."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Ends of the names of all its files."""
        return self.suffix, *self.beside


@dataclass(frozen=True, kw_only=True)
class Document:
    """A format whose files are made of all rows at once."""

    suffixes: tuple[str, ...]
    """Ends of the names of its files, with their dots."""
    document: Callable[[Video, Sequence[Row]], tuple[str, ...]]
    """Texts of its files, in the order of `suffixes`."""
    masks: bool = False
    """Whether it holds masks alone, so that a tracker without a mask branch has nothing to put there."""


Format = Stream | Document
