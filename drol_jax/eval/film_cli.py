"""Arguments and wiring of ``python -m drol_jax.eval film``."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval.commands import DATASET_HELP, PROGRAM, Load, data_root, split_names
from drol_jax.eval.plugged import plugged
from drol_jax.report.strips import FILMS, STRIPS, tracks_of, write_film, write_strip
from drol_jax.results.layout import find_trackers
from drol_jax.results.names import Names
from drol_jax.system.arguments import parse


@dataclass(frozen=True)
class Arguments:
    """Draw trackers' boxes, from their result files, into the images of a sequence.

    A name that ends in .png or .jpg gives a strip with a row for each tracker; .webp, .gif, .mp4 (H.264) or .webm a
    film with the trackers beside each other. White is the groundtruth; above each image stand the tracker, the frame,
    counted from 0, and the overlap.

    Example: python -m drol_jax.eval film --results results/Synth --dataset Synth --sequence dusk_car --output a.webp

    Exit code: 0 written, 2 misuse.
    """

    results: Annotated[tuple[Path, ...], tyro.conf.UseAppendAction]
    """A folder of result files, of any toolkit; may be given several times."""
    dataset: Annotated[str, tyro.conf.arg(help=DATASET_HELP)]
    sequence: str
    """Its name."""
    output: Path
    """File to write."""
    data_root: Path = field(default_factory=data_root)
    """Folder that holds the dataset. Default: $DROL_JAX_DATA, else ./data."""
    trackers: str | None = None
    """Trackers wanted, in this order, separated by commas. Default: all, by name."""
    plugin: str | None = None
    """A Python file with datasets of your own, or the name of an installed plug-in. Its code is run."""
    experiment: str = "baseline"
    """One of a VOT tracker's experiments."""
    pictures: int = 6
    """Number of images in a row of a strip."""
    every: int = 1
    """Step between the frames that a film shows: of so many one."""
    speed: float = 25.0
    """Speed of a film, in frames of the sequence a second."""
    width: int = 240
    """Width of an image, in pixels."""


def main(argv: Sequence[str], load: Load = datasets.load) -> int:
    """Run the command. Returns the exit code 0.

    Args:
      load: as in `drol_jax.eval.cli.main`.

    Raises:
      UserError: misuse, no results, or images that are missing.
      SystemExit: after --help (0) and on arguments that do not parse (2).
    """
    arguments = parse(Arguments, argv, f"{PROGRAM} film")
    suffix = arguments.output.suffix
    if suffix not in (*STRIPS, *FILMS):
        raise UserError(f"--output {arguments.output} must end in one of {', '.join((*STRIPS, *FILMS))}")
    for option in ("pictures", "every", "speed", "width"):
        if getattr(arguments, option) <= 0:
            raise UserError(f"--{option} is {getattr(arguments, option)}, wanted more than 0")
    if not arguments.results:
        raise UserError("no result folder was named; pass --results DIR")
    own = plugged(arguments.plugin, load)
    load, dataset = own.load, own.dataset(arguments.dataset)
    (entry,) = load(dataset, arguments.data_root, [arguments.sequence])
    sequence = entry.open()
    tracks = tracks_of(sequence, _files(arguments, dataset, entry.name, load))
    if suffix in STRIPS:
        write_strip(sequence, tracks, arguments.output, images=arguments.pictures, width=arguments.width)
    else:
        write_film(
            sequence, tracks, arguments.output, every=arguments.every, speed=arguments.speed, width=arguments.width
        )
    print(f"{', '.join(track.name for track in tracks)} on {entry.name}: {arguments.output}")
    return 0


def _files(arguments: Arguments, dataset: str, sequence: str, load: Load) -> dict[str, Path]:
    """The file of each tracker's first run."""
    entries = load(dataset, arguments.data_root, images=False)
    names = Names.of(dataset, entries)
    found = [t for folder in arguments.results for t in find_trackers(folder, names, arguments.experiment)]
    files = {t.name: t.files[sequence][min(t.files[sequence])] for t in found if t.files.get(sequence)}
    wanted = split_names(arguments.trackers, "--trackers")
    if missing := [name for name in wanted or () if name not in files]:
        have = ", ".join(files) or "none"
        raise UserError(f"no result of {', '.join(missing)} on {sequence}; there are: {have}")
    if not files:
        raise UserError(f"no result on {sequence} under the folders; track it first")
    return {name: files[name] for name in wanted or files}
