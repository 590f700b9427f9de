"""Arguments and wiring of ``drol-jax track``."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from drol_jax.errors import UserError
from drol_jax.system.arguments import parse
from drol_jax.system.program import CacheArguments
from drol_jax.system.resources import DEFAULT_CONFIG, config_help

PROGRAM = "drol-jax track"


@dataclass(frozen=True)
class Arguments(CacheArguments):
    """Follow targets through a video, and write where they are: annotated film, tables, annotations.

    Press Ctrl-C to stop: what was tracked is written, and the same command goes on from there.

    Examples:

    drol-jax track video.mp4 --pick

    drol-jax track video.mp4 --box 305,122,110,262=person --box 40,60,80,50@120=car --save mp4,csv,coco

    drol-jax track 0 --live --pick

    Exit code: 0 done, 1 ended early or in part, 2 misuse, 130 interrupted.
    """

    source: tyro.conf.Positional[str]
    """A video file, a folder or pattern of images, the number of a camera, or a stream's address (rtsp, http)."""
    box: Annotated[tuple[str, ...], tyro.conf.UseAppendAction] = ()
    """A target: x,y,w,h[@frame][=name], pixels of the source from its top-left corner; may be given several times."""
    boxes: Path | None = None
    """A file of start boxes: CSV, MOT, COCO, YOLO, CVAT XML, Label Studio JSON, or tracks that were written here."""
    pick: bool = False
    """Draw the boxes on the first frame, in the browser."""
    output: Path = Path("tracks")
    """Folder to write to."""
    save: str = "mp4,csv"
    """What to write, separated by commas: mp4, webm, webp, gif; csv, jsonl, mot, coco, cvat, labelstudio, masks."""
    overwrite: bool = False
    """Track anew, also where the files are there already."""
    config: Annotated[str, tyro.conf.arg(help=config_help())] = DEFAULT_CONFIG
    weights: str | None = None
    """Converted weights. Default: the configuration's."""
    no_online: bool = False
    """Leave the online classifier out: faster, and less robust."""
    start: str | None = None
    """First frame: its number, or a time such as 12.5s or 1:02."""
    end: str | None = None
    """Frame before which to stop, likewise."""
    every: int = 1
    """Use one frame of so many."""
    max_size: int | None = None
    """Make frames smaller whose longer side has more pixels."""
    rate: float | None = None
    """Frames a second of a folder of images. Default: 25."""
    reader: Literal["auto", "opencv", "pyav"] = "auto"
    """Library that reads video files: pyav (extra `video`), opencv, or auto, which takes pyav where it is there."""
    show: bool = False
    """Show the frames in a window."""
    live: bool = False
    """Show the frames, the states and the confidences on a page of the browser."""
    host: str = "127.0.0.1"
    """Address that the pages of --pick and --live are served on; 0.0.0.0 lets other devices of the network in."""
    port: int = 0
    """Port of the page; of both, that of --live; 0: any free one."""
    quiet: bool = False
    """Show no progress."""
    json: bool = False
    """Print the table to standard output as JSON lines, while it grows."""


def main(argv: Sequence[str]) -> int:
    """Run the command. Returns the exit code.

    Raises:
      UserError: misuse.
      SystemExit: after --help (0) and on arguments that do not parse (2).
    """
    arguments = parse(Arguments, argv, PROGRAM)
    if arguments.every < 1:
        raise UserError(f"--every is {arguments.every}, wanted 1 or more")
    if not (arguments.box or arguments.boxes or arguments.pick):
        raise UserError("no target: give --box x,y,w,h, a file with --boxes, or draw them with --pick")
    from drol_jax.tracking.program import track_all

    return track_all(arguments)
