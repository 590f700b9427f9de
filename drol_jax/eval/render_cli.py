"""Arguments and wiring of ``python -m drol_jax.eval render``."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from os import cpu_count
from pathlib import Path

import numpy as np
from rich.progress import track

from drol_jax import datasets
from drol_jax.datasets.synth import load_synth
from drol_jax.errors import UserError, reason
from drol_jax.eval.commands import PROGRAM
from drol_jax.image import frames
from drol_jax.results.files import write_boxes
from drol_jax.system.arguments import parse
from drol_jax.system.atomic import clear_litter
from drol_jax.system.interrupts import DelayedInterrupt
from drol_jax.system.opencv import cv2
from drol_jax.system.terminal import console

QUALITY = 90
"""Quality of JPEG, in per cent."""
GROUNDTRUTH = "groundtruth.txt"


@dataclass(frozen=True)
class Arguments:
    """Write renderings of Synth to disk, for training (dataset "folders") or for other programs.

    A sequence becomes OUTPUT/NAME_SEED/ with its frames 00000001.jpg, 00000002.jpg, ... and groundtruth.txt: x,y,w,h a
    line, 0-based, NaN where the target is out of view. Sequences that are there already stay as they are.

    Examples:

    python -m drol_jax.eval render --output data/synth --first 1 --seeds 4

    python -m drol_jax.eval render --output data/synth0 --first 0 --every 5

    Exit code: 0 written, 2 misuse, 130 interrupted.
    """

    output: Path
    """Folder to write to, made where it does not exist."""
    first: int = 1
    """The first seed. 0 is the benchmark itself."""
    seeds: int = 1
    """Number of seeds, counting up."""
    every: int = 1
    """Step between the frames that are written: of so many one."""


def main(argv: Sequence[str], load: Callable[[int], Sequence[datasets.SequenceEntry]] = load_synth) -> int:
    """Run the command. Returns the exit code 0.

    Args:
      load: gives the sequences of a seed.

    Raises:
      UserError: misuse, or a file cannot be written.
      SystemExit: after --help (0) and on arguments that do not parse (2).
    """
    arguments = parse(Arguments, argv, f"{PROGRAM} render")
    for option, least in (("first", 0), ("seeds", 1), ("every", 1)):
        if getattr(arguments, option) < least:
            raise UserError(f"--{option} is {getattr(arguments, option)}, wanted {least} or more")
    wanted = [
        (arguments.output / f"{entry.name}_{seed}", entry)
        for seed in range(arguments.first, arguments.first + arguments.seeds)
        for entry in load(seed)
    ]
    clear_litter(arguments.output)
    # An interrupt while a thread is started would leave one that nobody waits for.
    with DelayedInterrupt() as interrupts, ThreadPoolExecutor(cpu_count()) as pool:
        done = pool.map(partial(_write, every=arguments.every), *zip(*wanted, strict=True))
        try:
            with interrupts.let_through():
                for _ in track(done, "rendering", len(wanted), console=console(stderr=True)):
                    pass
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    print(f"{len(wanted)} sequences: {arguments.output}")
    return 0


def _write(folder: Path, entry: datasets.SequenceEntry, every: int) -> None:
    if (folder / GROUNDTRUTH).exists():
        return
    sequence = entry.open()
    shown = range(0, len(sequence), every)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, frame in enumerate(shown, 1):
            image = np.ascontiguousarray(frames.read(sequence.frames[frame])[..., ::-1])
            data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
            (folder / f"{number:08}.jpg").write_bytes(data.tobytes())
    except OSError as error:
        raise UserError(f"cannot write {folder}: {reason(error)}; choose another --output") from error
    # Last, so that a folder that has it is whole.
    write_boxes(folder / GROUNDTRUTH, sequence.boxes[shown])
