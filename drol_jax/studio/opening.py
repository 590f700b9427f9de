"""Whatever a path names, as a project: a video, images, a project's file, a table, or a sequence of a run."""

from pathlib import Path

from drol_jax.studio.film import Film
from drol_jax.studio.places import Places, opened, read_bounded
from drol_jax.studio.project import Project, Setup
from drol_jax.studio.project_file import SUFFIX
from drol_jax.studio.results import opened_table
from drol_jax.studio.runs import is_run, opened_run


def open_path(path: Path, places: Places, setup: Setup) -> tuple[Project, Film]:
    """The project of a path.

    Raises:
      UserError: it cannot be opened, or its video is not in the folders.
    """
    if path.name.endswith(SUFFIX):
        return places.project(read_bounded(path), path.name)
    if path.suffix == ".jsonl":
        return opened_table(path, places, setup)
    if is_run(path):
        return opened_run(path, places, setup)
    return opened(path.resolve() if path.exists() else path, setup)
