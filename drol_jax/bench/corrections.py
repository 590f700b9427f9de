"""How many corrections a person makes: simulated by the groundtruth, with learning from them and with fresh starts.

    python -m drol_jax.bench.corrections --dataset Synth

A target is followed frame by frame. Where its overlap with the groundtruth stays too low for some frames in a row, the
box is put right in the last of them, as an annotator would do, and the tracker goes on from there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro

from drol_jax import datasets
from drol_jax.api import Tracker, load
from drol_jax.errors import UserError
from drol_jax.image import frames
from drol_jax.image.boxes import overlap
from drol_jax.system.arguments import parse
from drol_jax.system.program import CacheArguments, guarded, make_ready
from drol_jax.system.resources import DEFAULT_CONFIG
from drol_jax.tracker.state import TrackerState

PROGRAM = "python -m drol_jax.bench.corrections"

Correct = Callable[[Tracker, TrackerState, np.ndarray, np.ndarray], TrackerState]
MANNERS: dict[str, Correct] = {
    "fresh start": lambda tracker, _, image, box: tracker.init(image, box),
    "learning": lambda tracker, state, image, box: tracker.correct(state, image, box),
    "learning, also as template": lambda tracker, state, image, box: tracker.correct(state, image, box, template=True),
}
"""What is done with a box that was put right."""


@dataclass(frozen=True)
class Arguments(CacheArguments):
    """Count the corrections that tracks need, with learning from them and with a fresh start at each.

    Exit code: 0 done, 2 misuse.
    """

    dataset: str = "Synth"
    """Synth, another dataset, or `folders` for a folder of sequences."""
    data_root: Path | None = None
    """Folder of the dataset."""
    sequences: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Only these; may be given several times."""
    config: str = DEFAULT_CONFIG
    """Name of a bundled configuration, or a YAML file."""
    weights: str | None = None
    """Converted weights. Default: the configuration's."""
    below: tuple[float, ...] = (0.3,)
    """Overlaps under which a box is wrong."""
    patience: int = 10
    """Frames in a row in which it must be, before it is put right."""


@dataclass(frozen=True, kw_only=True)
class Corrected:
    """One track with its corrections."""

    corrections: int
    overlaps: np.ndarray
    """float64 [T]: overlap with the groundtruth after the corrections; NaN where there is none."""


def corrected(
    tracker: Tracker, images: Sequence[np.ndarray], truth: np.ndarray, correct: Correct, below: float, patience: int
) -> Corrected:
    """Follow a target, and put it right where it goes wrong.

    Args:
      images: uint8 RGB [H, W, 3] of T frames.
      truth: float64 [T, 4] (x, y, w, h), pixels, 0-based; NaN where the target is absent, which counts neither way.
      correct: what becomes of the state at a box that was put right.
      below, patience: a box is put right in the last of so many frames in a row with an overlap below that.
    """
    state = tracker.init(images[0], truth[0])
    found, wrong, count = np.full(len(truth), np.nan), 0, 0
    found[0] = 1.0
    for number in range(1, len(truth)):
        state, output = tracker.step(state, images[number])
        box = truth[number]
        if not (np.isfinite(box).all() and (box[2:] > 0).all()):
            continue
        found[number] = float(overlap(output.box, box))
        wrong = wrong + 1 if found[number] < below else 0
        if wrong == patience:
            state = correct(tracker, state, images[number], box)
            found[number], wrong, count = 1.0, 0, count + 1
    return Corrected(corrections=count, overlaps=found)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. Returns the exit code.

    Raises:
      UserError: misuse.
      SystemExit: after --help (0) and on arguments that do not parse (2).
    """
    arguments = parse(Arguments, argv, PROGRAM)
    if arguments.patience < 1:
        raise UserError(f"--patience is {arguments.patience}, wanted 1 or more")
    make_ready(arguments)
    tracker = load(arguments.config, arguments.weights, cache=False)
    entries = datasets.load(arguments.dataset, arguments.data_root, list(arguments.sequences) or None)
    done: dict[tuple[float, str], list[Corrected]] = {}
    print("| sequence | below | " + " | ".join(f"{name}: corrections, overlap" for name in MANNERS) + " |")
    print("| --- |" + " --- |" * (1 + len(MANNERS)), flush=True)
    for entry in entries:
        sequence = entry.open()
        images = [frames.read(source) for source in sequence.frames]
        for below in arguments.below:
            one: Corrected | None = None
            for name, correct in MANNERS.items():
                if one is None or one.corrections:  # without any, all manners do the same
                    one = corrected(tracker, images, sequence.boxes, correct, below, arguments.patience)
                done.setdefault((below, name), []).append(one)
            _tell(entry.name, below, [[done[below, name][-1]] for name in MANNERS])
    for below in arguments.below:
        _tell("all", below, [done[below, name] for name in MANNERS])
    return 0


def _tell(name: str, below: float, rows: Sequence[Sequence[Corrected]]) -> None:
    """One line of the table: corrections, and the mean overlap over all frames."""
    cells = [
        f"{sum(one.corrections for one in row)}, {np.nanmean(np.concatenate([one.overlaps for one in row])):.3f}"
        for row in rows
    ]
    print(f"| {name} | {below:g} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    raise SystemExit(guarded(main))
