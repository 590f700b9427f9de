"""``drol-jax studio``: what is opened first, the server, and the project that is saved at the end."""

from pathlib import Path

from drol_jax.errors import UserError
from drol_jax.show import hosts
from drol_jax.show.browser import open_page
from drol_jax.studio.cli import Arguments
from drol_jax.studio.film import Film
from drol_jax.studio.opening import open_path
from drol_jax.studio.orders import Desk, Save
from drol_jax.studio.places import FILMS, Places, places_of, read_bounded
from drol_jax.studio.project import Project, Setup
from drol_jax.studio.project_file import SUFFIX, project_of
from drol_jax.studio.runs import is_run
from drol_jax.studio.serving import EXTRA, serving
from drol_jax.studio.session import Session
from drol_jax.studio.trackers import checked_setup
from drol_jax.system.optional import optional
from drol_jax.system.program import make_ready, tell
from drol_jax.video.images import SUFFIXES, natural


def run(arguments: Arguments) -> int:
    """Run the command.

    Raises:
      UserError: misuse.
      KeyboardInterrupt: at the end, after the project was saved.
    """
    optional("uvicorn", EXTRA)
    make_ready(arguments)
    setup = checked_setup(Setup(config=arguments.config, weights=arguments.weights, online=not arguments.no_online))
    paths = [Path(path) for path in arguments.paths] or [Path()]
    places = places_of([folder for path in paths for folder in _folders(path)], arguments.output)
    session = Session(*first_of(paths, places, setup))
    desk = Desk(session, places)
    try:
        server = serving(desk, host=arguments.host, port=arguments.port, password=arguments.password)
        tell(f"studio: {server.addresses[0]}")
        for address in server.addresses[1:]:
            tell(f"  on this machine: {address}")
        if not arguments.no_browser and arguments.host == hosts.LOOPBACK:
            open_page(server.addresses[0])
        server.run()
    finally:
        session.pause()
        if session.project.subjects:
            saved = Save(order="save").do(desk)
            tell(f"saved: {Path(saved['folder']) / saved['files'][0]}")
        session.close()
    return 0


def _folders(path: Path) -> list[Path]:
    """The folders that the page may open files in, by one path of the command line."""
    if path.name.endswith(SUFFIX):  # who names a project names its video
        return [path.parent, Path(project_of(read_bounded(path), str(path)).source).parent]
    return [path if path.is_dir() else path.parent]


def first_of(paths: list[Path], places: Places, setup: Setup) -> tuple[Project, Film]:
    """The project to begin with: the first path that is one, or the first video or run in a folder.

    Raises:
      UserError: there is none, or it cannot be opened.
    """
    for path in paths:
        if not path.is_dir() or is_run(path) or any(file.suffix.lower() in SUFFIXES for file in path.iterdir()):
            return open_path(path, places, setup)
    for path in paths:
        films = natural(file for file in path.iterdir() if file.suffix.lower() in FILMS)
        for found in films or _runs(path):
            return open_path(found, places, setup)
    raise UserError(f"{paths[0]}: the folder holds no video, images or run; give a video file or a folder of images")


def _runs(folder: Path) -> list[Path]:
    """Runs of the trackers of one evaluation, else of the first one that there is in a folder of several."""
    return natural(run for run in folder.iterdir() if is_run(run)) or natural(
        manifest.parent for manifest in folder.glob("*/*/manifest.json")
    )
