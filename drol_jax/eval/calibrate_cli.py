"""Arguments and wiring of ``python -m drol_jax.eval calibrate``."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.progress import track

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval.calibration import SignsRead, fit, reliability_of
from drol_jax.eval.commands import PROGRAM, split_names
from drol_jax.system.arguments import parse
from drol_jax.system.program import CacheArguments, make_ready
from drol_jax.system.resources import DEFAULT_CONFIG
from drol_jax.system.terminal import console

Read = Callable[[datasets.Sequence], SignsRead]


@dataclass(frozen=True)
class Arguments(CacheArguments):
    """Fit a tracker's confidence, the probability that its box overlaps the target by more than a half, on Synth.

    Prints the section `confidence` for the tracker's configuration file, and how far it can be believed on the
    sequences that it was fitted to.

    Exit code: 0 fitted, 2 misuse, 130 interrupted.
    """

    config: str = DEFAULT_CONFIG
    """Name of a bundled configuration, or a YAML file."""
    weights: str | None = None
    """Converted weights. Default: the configuration's."""
    dataset: str = "Synth"
    """Synth, or Synth@SEED for another rendering."""
    sequences: str | None = None
    """Names of the sequences to take, separated by commas. Default: all."""
    seed: int = 0
    """Of the boxes that are drawn, and of the online subnet."""


def main(argv: Sequence[str], reader: Callable[[Arguments], Read] | None = None) -> int:
    """Run the command. Returns the exit code 0.

    Args:
      reader: makes what reads the signs of a sequence; by default that of the library's trackers.

    Raises:
      UserError: misuse.
      SystemExit: after --help (0) and on arguments that do not parse (2).
    """
    arguments = parse(Arguments, argv, f"{PROGRAM} calibrate")
    if datasets.canonical(arguments.dataset).partition("@")[0] != "Synth":
        raise UserError(
            f"--dataset {arguments.dataset}: a confidence is fitted on Synth, so that benchmarks can test it; "
            "give Synth or Synth@SEED"
        )
    entries = datasets.load(arguments.dataset, only=split_names(arguments.sequences, "--sequences"))
    read = (reader or _reader)(arguments)
    shown = console(stderr=True)
    found = [read(entry.open()) for entry in track(entries, "tracking", console=shown, disable=not shown.is_terminal)]
    fitted = fit(found)
    print("confidence:")
    for name, value in asdict(fitted).items():
        print(f"  {name}: {value:g}")
    kept = reliability_of(found, fitted)
    assert kept is not None
    roc = "" if kept.roc is None else f", area under ROC of lost boxes {kept.roc:.3f}"
    print(
        f"# {kept.frames} boxes of {arguments.dataset}, {kept.right:.2f} right: calibration error {kept.error:.3f}{roc}"
    )
    return 0


def _reader(arguments: Arguments) -> Read:
    make_ready(arguments)
    from drol_jax.api import load  # imports jax
    from drol_jax.running.signs import read_signs

    tracker: Any = load(arguments.config, arguments.weights)
    return lambda sequence: read_signs(tracker, sequence, arguments.seed)
