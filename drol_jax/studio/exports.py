"""Everything that `drol-jax track` writes, from a project: tables, annotations, films."""

from collections.abc import Callable, Collection
from pathlib import Path

from drol_jax.errors import UserError, reason
from drol_jax.show.drawing import Annotator
from drol_jax.studio.effective import rows
from drol_jax.studio.film import Film
from drol_jax.studio.project import Project
from drol_jax.system import atomic
from drol_jax.tracks.formats import FORMATS
from drol_jax.tracks.table import Row
from drol_jax.tracks.writer import TableWriter, files
from drol_jax.video.writers.open import KINDS, film_suffix, open_film

FILMS = tuple(suffix.removeprefix(".") for suffix in KINDS)
"""Films that can be written."""


def export(
    project: Project, film: Film, folder: Path, formats: Collection[str], go_on: Callable[[int], bool] = lambda _: True
) -> tuple[list[Path], list[str]]:
    """Write a project's tracks into a folder, in place of what an earlier export wrote there.

    Args:
      formats: names in `FORMATS` and `FILMS`.
      go_on: is told the frame of a film that was written; False ends it there.

    Returns:
      (the files, what the user should be told of them).

    Raises:
      UserError: an unknown format, nothing to write, masks that there are not, or a file that cannot be written.
    """
    known = (*FORMATS, *FILMS)
    if unknown := [name for name in formats if name not in known]:
        raise UserError(f"{unknown[0]!r} cannot be written; choose of {', '.join(known)}")
    told = list(rows(project, film.time))
    if not told:
        raise UserError("there is nothing to write: draw a box around a target first")
    if "masks" in formats and not any(row.mask for row in told):
        raise UserError("there are no masks; track with a SiamMask configuration, or leave them out")
    stem = Path(project.video.name).stem.replace("/", "_") or "video"
    tables = [name for name in FORMATS if name in formats]
    written, notes = files(folder, stem, tables), list[str]()
    films = [(folder / f"{stem}{suffix}", note) for suffix, note in (film_suffix(n) for n in FILMS if n in formats)]
    atomic.spare([*written, *(path for path, _ in films)], [Path(project.source)])
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make folder {folder}: {reason(error)}; {atomic.CURE}") from error
    if tables:
        with TableWriter(folder, stem, tables, project.video, rows=told):
            pass
    by_frame: dict[int, list[Row]] = {}
    for row in told:
        by_frame.setdefault(row.frame, []).append(row)
    names = [subject.name for subject in project.subjects]
    for path, note in films:
        notes += [note] if note else []
        notes += _write_film(path, project, film, by_frame, names, go_on)
        written.append(path)
    return written, notes


def _write_film(
    path: Path,
    project: Project,
    film: Film,
    by_frame: dict[int, list[Row]],
    names: list[str],
    go_on: Callable[[int], bool],
) -> tuple[str, ...]:
    """The whole video with the boxes drawn in. Returns what the user should be told."""
    annotate, video = Annotator(names), project.video
    frames = film.forwards(0)
    writer = open_film(path, video.width, video.height, video.rate)
    try:
        for frame in frames:
            writer.add(annotate(frame.image, by_frame.get(frame.number, [])), frame.time)
            if not go_on(frame.number):
                break
    except BaseException:
        writer.abandon()
        raise
    finally:
        frames.close()
    writer.close()
    return writer.notes
