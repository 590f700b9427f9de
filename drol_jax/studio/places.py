"""`Places`: the folders that the studio may read from and the one that it writes to."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drol_jax.errors import UserError, reason
from drol_jax.studio.film import Film
from drol_jax.studio.project import Project, Setup
from drol_jax.studio.project_file import SUFFIX, project_of
from drol_jax.studio.rendered import rendered
from drol_jax.system import atomic
from drol_jax.video.images import SUFFIXES, natural

FILMS = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mjpeg", ".y4m")
"""Of the video files that are listed; others can be opened from the command line."""
MOST = 500
"""Entries of one listing."""
LARGEST = 64 * 2**20
"""Bytes of a project's file."""


@dataclass(frozen=True)
class Places:
    """Folders, resolved: no link in them leads elsewhere."""

    roots: tuple[Path, ...]
    output: Path

    def inside(self, path: str | Path) -> Path:
        """A path that is named by the page, resolved.

        Raises:
          UserError: it is not in one of the folders, wherever its links lead.
        """
        try:
            found = Path(path).resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            found = None
        if found is None or not any(found == root or found.is_relative_to(root) for root in (*self.roots, self.output)):
            raise UserError("there is no such file in the folders that the studio was started with")
        return found

    def listed(self, folder: str) -> dict[str, Any]:
        """What can be opened in a folder.

        Args:
          folder: its path; empty for the folders themselves.

        Raises:
          UserError: as `inside`.
        """
        if not folder:
            return {"folder": "", "entries": [_entry(root, "folder", str(root)) for root in self.roots]}
        here = self.inside(folder)
        try:
            found = natural(path for path in here.iterdir() if not path.name.startswith("."))
        except OSError as error:
            raise UserError(f"{here.name}: cannot be listed ({reason(error)})") from error
        entries = [_entry(path, kind, path.name) for path in found if (kind := _kind(path)) is not None]
        return {"folder": str(here), "entries": entries[:MOST], "more": max(0, len(entries) - MOST)}

    def project(self, text: bytes, where: str) -> tuple[Project, Film]:
        """A project from the text of its file, with its video.

        Raises:
          UserError: it is no project, or its video is not in the folders or has another size.
        """
        project = project_of(text, where)
        film = rendered(project.source) or Film(self._found(Path(project.source)))
        size, wanted = (f"{one.width} x {one.height}" for one in (film.video, project.video))
        if size != wanted:
            film.close()
            raise UserError(f"{where} is of a video of {wanted} pixels, {film.video.name} has {size}")
        return project, film

    def _found(self, source: Path) -> Path:
        """A project's video, which may have been moved together with it."""
        beside = [root / source.name for root in self.roots]
        return self.inside(next((path for path in (source, *beside) if path.exists()), source))

    def make_output(self) -> None:
        """Make the folder that is written to.

        Raises:
          UserError: it cannot be made.
        """
        try:
            self.output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"cannot make folder {self.output}: {reason(error)}; {atomic.CURE}") from error


def opened(path: Path, setup: Setup) -> tuple[Project, Film]:
    """A fresh project over a video.

    Raises:
      UserError: it cannot be opened.
    """
    film = Film(path)
    return Project(source=str(path), video=film.video, setup=setup), film


def named(source: str, setup: Setup) -> tuple[Project, Film]:
    """A fresh project over a rendered sequence, by what `drol_jax.studio.rendered` calls it.

    Raises:
      UserError: there is none of that name.
    """
    film = rendered(source)
    if film is None:
        raise UserError(f"{source} names no rendered sequence")
    return Project(source=source, video=film.video, setup=setup), film


def read_bounded(path: Path) -> bytes:
    """The bytes of a project's file.

    Raises:
      UserError: it cannot be read, or is too large to be one.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise UserError(f"{path.name} has more than {LARGEST // 2**20} MB, too much for a project")
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path.name}: {reason(error)}") from error


def places_of(roots: Sequence[Path], output: Path) -> Places:
    """Folders as the command line names them."""
    return Places(tuple(dict.fromkeys(root.resolve() for root in roots)), output.resolve())


def _kind(path: Path) -> str | None:
    if path.name.endswith(SUFFIX):
        return "project"
    if path.suffix.lower() in FILMS:
        return "video"
    if path.suffix == ".txt" and (path.parent / "manifest.json").is_file():
        return "result"
    if path.is_dir():
        return "images" if _has_image(path) else "folder"
    return None


def _has_image(folder: Path) -> bool:
    try:
        return any(path.suffix.lower() in SUFFIXES for path in folder.iterdir())
    except OSError:
        return False


def _entry(path: Path, kind: str, name: str) -> dict[str, str]:
    return {"name": name, "path": str(path), "kind": kind}
