"""A table that `drol-jax track` wrote, as a project."""

from pathlib import Path

from drol_jax.errors import UserError
from drol_jax.studio.film import Film
from drol_jax.studio.places import Places, opened
from drol_jax.studio.project import Project, Seen, Setup, drawn, tracked
from drol_jax.tracks.formats.layout import by_target
from drol_jax.tracks.read import read_tracks


def opened_table(path: Path, places: Places, setup: Setup) -> tuple[Project, Film]:
    """The project of a table: a target's first box is drawn, and all of its rows are tracked.

    Args:
      path: the `.jsonl`.
      places: folders that its video may lie in.

    Raises:
      UserError: the table cannot be read, or its video is not found or has another size.
    """
    video, rows = read_tracks(path)
    folders = [*places.roots, path.resolve().parent, path.resolve().parent.parent]
    found = next((place for folder in folders if (place := folder / video.name).exists()), None)
    if found is None:
        found = next((folder for folder in folders if video.images and (folder / video.images[0]).exists()), None)
    if found is None:
        raise UserError(f"{path}: its video {video.name} is not found; give the folder that it lies in too")
    project, film = opened(found.resolve(), setup)
    size, wanted = (f"{one.width} x {one.height}" for one in (film.video, video))
    if size != wanted:
        film.close()
        raise UserError(f"{path} is of a video of {wanted} pixels, {found} has {size}")
    for name, its in by_target(rows).items():
        first = next((row for row in its if row.box is not None), None)
        if first is not None and first.box is not None:
            project = drawn(project, name, first.frame, first.box)
            project = tracked(project, {name: {row.frame: Seen(row) for row in its}})
    return project, film
