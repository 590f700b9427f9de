"""Arguments and wiring of ``drol-jax studio``."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from drol_jax.system.arguments import parse
from drol_jax.system.program import CacheArguments
from drol_jax.system.resources import DEFAULT_CONFIG

PROGRAM = "drol-jax studio"


@dataclass(frozen=True)
class Arguments(CacheArguments):
    """Box targets in a video, track them, put them right and look inside the tracker, in the browser.

    Press Ctrl-C to end: the project is saved in the output folder, and opens again from there.

    Examples:

    drol-jax studio video.mp4

    drol-jax studio results/OTB100 data/OTB100 --port 8000 --no-browser

    Exit code: 2 misuse, 130 ended by Ctrl-C.
    """

    paths: tyro.conf.Positional[tuple[str, ...]] = ()
    """A video file, a folder of images, a project of the studio, a table that track wrote, or results of an evaluation
    (its folder, a tracker's in it, or a result file), with the dataset's folder; also folders, in which the page then
    opens such files. Default: the folder that the command is run in."""
    output: Path = Path("tracks")
    """Folder to write to."""
    config: str = DEFAULT_CONFIG
    """Tracker: name of a bundled configuration or a YAML file."""
    weights: str | None = None
    """Converted weights. Default: the configuration's."""
    no_online: bool = False
    """Leave the online classifier out: faster, and less robust."""
    host: str = "127.0.0.1"
    """Address to serve on; 0.0.0.0 lets other devices of the network in, and needs a password."""
    port: int = 0
    """Port; 0: any free one."""
    password: str | None = None
    """Password that browsers ask for; any name goes with it."""
    no_browser: bool = False
    """Do not open the page in this machine's browser."""


def main(argv: Sequence[str]) -> int:
    """Run the command. Returns the exit code.

    Raises:
      UserError: misuse.
      SystemExit: after --help (0) and on arguments that do not parse (2).
      KeyboardInterrupt: at the end.
    """
    arguments = parse(Arguments, argv, PROGRAM)
    from drol_jax.studio.program import run

    return run(arguments)
