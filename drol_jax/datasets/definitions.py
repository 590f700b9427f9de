"""Benchmarks as data: what belongs to which, where its files lie, how it is spelled. Read from ``eval/*.json``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from drol_jax.datasets.bounds import Bounds
from drol_jax.errors import UserError
from drol_jax.system.names import hint

Reader = Literal["boxes", "lasot", "got10k", "nfs", "vot", "oxuva"]
Protocol = Literal["ope", "vot", "longterm", "got10k", "server"]
Measures = Literal["overlap", "videocube", "oxuva"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One sequence of a benchmark."""

    name: str
    """Name as PySOT writes it, e.g. "Jogging-1"."""
    folder: str
    """What stands for {folder} in a layout's paths."""
    mark: str = ""
    """What stands for {mark}: which of the folder's several targets, e.g. ".1"."""
    alone: bool = False
    """The folder's other target has no annotations, so that the mark may be missing."""
    first: int | None = None
    last: int | None = None
    """Numbers of the first and last image that count, both included; None: every annotated image."""
    annotated_from: int | None = None
    """Number of the image that the annotation file's first line may belong to instead of `first`."""
    length: int | None = None
    """Number of frames, where a source names it."""
    attributes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    """Other toolkits' spellings of the name."""

    def spellings(self) -> tuple[tuple[str, str], ...]:
        """(folder, name) as the files on disk may be called; the official ones first."""
        pairs = [(self.folder, self.name), (self.name, self.name)]
        pairs += [(alias, alias) for alias in self.aliases] + [(alias, self.name) for alias in self.aliases]
        return tuple(dict.fromkeys(pairs))

    def fill(self, template: str, folder: str | None = None, name: str | None = None, mark: str | None = None) -> str:
        """A layout's path for this sequence; other spellings of folder and name may be given."""
        folder, name = folder or self.folder, name or self.name
        mark = self.mark if mark is None else mark
        return template.format(folder=folder, name=name, mark=mark, category=name.rsplit("-", 1)[0])


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where the files of a benchmark lie, as paths below a folder with {name}, {folder}, {category} and {mark}."""

    groundtruth: tuple[str, ...]
    """Annotation files; the first one that exists counts."""
    images: tuple[str, ...]
    """Folders of images; the first one that holds any counts. Empty: annotations without images."""
    list: str | None = None
    """File with the names of the sequences."""
    depth: int = 1
    """How many folders deep {folder} is where sequences are found on disk."""
    prefix: str = ""
    digits: int = 8
    """Images are called `prefix` and a number of at least so many digits."""
    first: int = 1
    """Number of the first image."""
    by_name: bool = False
    """Images are sorted by name, not by number."""
    loose: bool = False
    """Not the official layout: images may be cut out and numbered as one likes."""
    properties: str | None = None
    """File of vot-toolkit's in which ``channels.color``, or another channel, is a pattern of the images' names."""

    def file(self, number: int) -> str:
        """Name of an image in the official archive."""
        return f"{self.prefix}{number:0{self.digits}d}.jpg"


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """One benchmark."""

    name: str
    aliases: tuple[str, ...]
    site: str
    download: str
    """What to fetch from the site."""
    origin: int
    """What the files count the first pixel as."""
    protocol: Protocol
    """How it is evaluated."""
    server: bool
    """The annotation may be the first box alone, as a server keeps the rest."""
    reader: Reader
    """What the annotation files hold."""
    measures: Measures = "overlap"
    """What one pass is scored by: overlaps in a toolkit's dialect, or the benchmark's own measures."""
    fps: int | None
    """NFS: 30 or 240 frames a second."""
    folders: tuple[str, ...]
    """Subfolders of the root that it may lie in."""
    layouts: tuple[Layout, ...]
    pysot: tuple[str, ...]
    """PySOT's JSON files."""
    probe: dict[str, list[float]]
    """First boxes as the benchmark's own files write them, of a few sequences: they tell other files' origin."""
    attribute_file: str | None
    attribute_names: tuple[str, ...]
    """A file of flags beside the annotations, and what its columns mean."""
    absent: tuple[str, ...] = ()
    """Files of a flag a frame, other than 0 where the target is not seen, in any of them; all must be there."""
    tag_file: str = ""
    tags: Mapping[str, Bounds] = field(default_factory=dict)
    """A file of a number a frame for each {tag}, and which numbers mark a frame."""
    restarts: str | None = None
    """File of the frames, from 0, in which a tracker may be started again."""
    count: int | None
    """Number of sequences, where it is known."""
    rows: tuple[Row, ...]
    """Its sequences; empty where their names are known from the disk alone: a list file, else what lies there."""
    home: Path | None = None
    """Folder of a user's definition, where the files may lie too."""
    file: Path | None = None
    """The JSON file in PySOT's form that is the whole dataset."""

    def spelled(self, rows: tuple[Row, ...] | None = None) -> dict[str, Row]:
        """Sequences by every spelling, in lower case; of its own rows by default."""
        table: dict[str, Row] = {}
        rows = self.rows if rows is None else rows
        for row in rows:
            for alias in row.aliases:
                table.setdefault(alias.casefold(), row)
        return table | {row.name.casefold(): row for row in rows}

    def again(self) -> str:
        """What to do about a missing or broken file."""
        known = self.site != "its publisher"
        return f"unpack {self.download} of {self.site} again" if known else "mend the dataset"


LOOSE = Layout(
    groundtruth=("{folder}/groundtruth{mark}.txt", "{folder}/groundtruth_rect{mark}.txt"),
    images=tuple("{folder}" + below for below in ("/img", "", "/frames", "/imgs", "/images", "/color")),
    loose=True,
)
"""Where any benchmark's sequences may lie as well: a folder each, with the images in ``img``, another usual folder, or
beside the annotation."""


def pick(given: str, spellings: dict[str, str], what: str) -> str:
    """The name that a spelling stands for, whatever its case.

    Args:
      spellings: spelling -> name.
      what: the kind of thing, for the message.

    Raises:
      UserError: no such spelling (names the nearest).
    """
    folded = {spelling.casefold(): name for spelling, name in spellings.items()}
    if given.casefold() in folded:
        return folded[given.casefold()]
    raise UserError(f"unknown {what} {given!r}{hint(given, spellings)}")
