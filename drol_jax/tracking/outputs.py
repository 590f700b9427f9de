"""The files of a run: tables and films, opened together, fed frame by frame, closed together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from drol_jax.errors import UserError
from drol_jax.show.drawing import Annotator
from drol_jax.system.closing import Closing
from drol_jax.tracks.table import Row, Video
from drol_jax.tracks.writer import TableWriter, files
from drol_jax.video.frame import VideoFrame, VideoInfo
from drol_jax.video.writers.film import FilmWriter
from drol_jax.video.writers.open import open_film

TABLE = "jsonl"
"""The format that all others can be made of again; always written."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a run writes."""

    folder: Path
    stem: str
    formats: tuple[str, ...]
    """Names in `drol_jax.tracks.formats.FORMATS`, `jsonl` among them."""
    films: tuple[str, ...]
    """Suffixes of films."""

    @property
    def table(self) -> Path:
        """The file that a run goes on from."""
        return self.folder / f"{self.stem}.{TABLE}"

    def film_paths(self) -> list[Path]:
        return [self.folder / f"{self.stem}{suffix}" for suffix in self.films]

    def paths(self) -> list[Path]:
        """All files."""
        return files(self.folder, self.stem, self.formats) + self.film_paths()

    def existing(self) -> list[Path]:
        """Those of the files that are there already."""
        return [path for path in self.paths() if path.exists()]


class Outputs(Closing):
    """The files of a run, in a `with` block: it closes them, also where the run is cut off."""

    def __init__(self, wanted: Wanted, video: Video, info: VideoInfo, rows: Sequence[Row] | None):
        """Open the files.

        Args:
          rows: of an earlier run to go on from; None starts anew.

        Raises:
          UserError: a file cannot be written.
        """
        self.wanted, self._info, self._video = wanted, info, video
        self._films: list[FilmWriter] = []
        self._annotate = Annotator()
        self._table = TableWriter(wanted.folder, wanted.stem, wanted.formats, video, rows=rows)
        try:
            for path in wanted.film_paths():
                self._films.append(open_film(path, info.width, info.height, info.rate))
        except UserError:
            self.close()
            raise

    def write(self, rows: Sequence[Row]) -> None:
        """Add the rows of a frame to the tables.

        Raises:
          UserError: a file cannot be written.
        """
        self._table.write(rows)

    def film(self, frame: VideoFrame, rows: Sequence[Row]) -> None:
        """Add a frame to the films, with its rows drawn into it.

        Raises:
          UserError: a file cannot be written.
        """
        if self._films:
            image = self._annotate(frame.image, rows, scale=self._info.scale)
            for writer in self._films:
                writer.add(image, frame.time)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should be told of the films."""
        return tuple(note for film in self._films for note in film.notes)

    def save(self) -> None:
        """Write what is only written now and then.

        Raises:
          UserError: a file cannot be written.
        """
        self._table.save()

    def close(self, frames: int | None = None) -> None:
        """Finish the files.

        Args:
          frames: how many the video had, where all were read.

        Raises:
          UserError: a file cannot be written; the others are.
        """
        errors = []
        video = self._video if frames is None else replace(self._video, frames=frames)
        for finish in (lambda: self._table.close(video), *(writer.close for writer in self._films)):
            try:
                finish()
            except UserError as error:
                errors.append(error)
        if errors:
            raise errors[0]
