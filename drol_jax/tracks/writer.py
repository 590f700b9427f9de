"""`TableWriter`: the files of a table while it grows."""

import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from drol_jax.errors import UserError, reason
from drol_jax.system import atomic
from drol_jax.system.closing import Closing
from drol_jax.tracks.appending import Appended
from drol_jax.tracks.formats import FORMATS, Document, Stream
from drol_jax.tracks.formats.layout import numbered, rounded
from drol_jax.tracks.table import Row, Video

EVERY = 30.0
"""Seconds between two writings of a document."""
SHARE = 20.0
"""How many times longer than a writing the pause after it is at least, so that long videos are not slowed down."""


def files(folder: Path, stem: str, formats: Collection[str]) -> list[Path]:
    """Paths of all files that the formats write."""
    return [folder / f"{stem}{suffix}" for name in formats for suffix in FORMATS[name].suffixes]


def existing(folder: Path, stem: str, formats: Collection[str]) -> list[Path]:
    """Those of the formats' files that are there already."""
    return [path for path in files(folder, stem, formats) if path.exists()]


class TableWriter(Closing):
    """Writes a table in several formats, frame by frame.

    A process that is killed leaves whole frames in streams, and documents of some seconds before. Use it in a `with`
    block, which closes it.
    """

    def __init__(
        self,
        folder: Path,
        stem: str,
        formats: Collection[str],
        video: Video,
        *,
        rows: Sequence[Row] | None = None,
        every: float = EVERY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the files.

        Args:
          folder: made where it is missing.
          stem: of the files' names.
          formats: names in `FORMATS`.
          video: what the table is of; `frames` may be an estimate until `close`.
          rows: those of an earlier run to go on from, by frames; the files are then written again from them. None
            starts anew.
          every: seconds between two writings of the documents.
          clock: seconds that grow.

        Raises:
          UserError: a file is there already and no rows were given, or one cannot be written.
        """
        if rows is None and (there := existing(folder, stem, formats)):
            others = f" (and {len(there) - 1} more)" if len(there) > 1 else ""
            raise UserError(f"{there[0]}{others} is there already; choose another --output or delete it")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"cannot make folder {folder}: {reason(error)}; {atomic.CURE}") from error
        chosen = [FORMATS[name] for name in FORMATS if name in formats]  # jsonl first: it holds all the others
        earlier = [rounded(row) for row in rows or ()]
        self._folder, self._stem, self._video = folder, stem, video
        self._clock, self._every = clock, every
        self._documents = [form for form in chosen if isinstance(form, Document)]
        self._numbers = numbered(earlier)
        self._rows = earlier if self._documents else []
        self._unsaved, self._due = bool(self._rows), clock() + every
        self._streams: list[tuple[Stream, Appended]] = []
        try:
            for form in chosen:
                if isinstance(form, Stream):
                    start = form.begin(video) + form.lines(earlier, self._numbers)
                    self._streams.append((form, Appended(self._path(form.suffix), start)))
            self._write_beside()
        except UserError:
            for _, file in self._streams:
                file.close()
            raise

    def write(self, rows: Sequence[Row]) -> None:
        """Append the rows of one frame, and write the documents again where it is time.

        Raises:
          UserError: a file cannot be written; what was written before stays as it was.
        """
        rows = [rounded(row) for row in rows]
        fresh = [name for name in dict.fromkeys(row.name for row in rows) if name not in self._numbers]
        self._numbers |= {name: number for number, name in enumerate(fresh, len(self._numbers) + 1)}
        for form, file in self._streams:
            file.append(form.lines(rows, self._numbers))
        if fresh:
            self._write_beside()
        if self._documents:
            self._rows.extend(rows)
            self._unsaved = True
            if self._clock() >= self._due:
                self.save()

    def save(self) -> None:
        """Write all documents now, each whole or not at all, and have the streams on the disk.

        Raises:
          UserError: one cannot be written; the other documents are.
        """
        for _, file in self._streams:
            file.sync()
        if not self._unsaved:
            return
        began, errors = self._clock(), []
        for form in self._documents:
            for suffix, text in zip(form.suffixes, form.document(self._video, self._rows), strict=True):
                try:
                    atomic.write_text(self._path(suffix), text)
                except UserError as error:
                    errors.append(error)
        now = self._clock()
        self._due = now + max(self._every, SHARE * (now - began))
        if errors:
            raise errors[0]
        self._unsaved = False

    def close(self, video: Video | None = None) -> None:
        """Write the documents and let go of the files. May be called twice.

        Args:
          video: with the number of frames that there really were, where it was an estimate before.

        Raises:
          UserError: a file cannot be written.
        """
        try:
            if video is not None and video != self._video:
                before, self._video = self._video, video
                self._unsaved = bool(self._documents)
                for form, file in self._streams:
                    if form.begin(before) != form.begin(video):
                        file.restart(form.begin(before), form.begin(video))
            self.save()
        finally:
            for _, file in self._streams:
                file.close()

    def _write_beside(self) -> None:
        for form, _ in self._streams:
            for suffix, made in form.beside.items():
                atomic.write_text(self._path(suffix), made(self._numbers))

    def _path(self, suffix: str) -> Path:
        return self._folder / f"{self._stem}{suffix}"
