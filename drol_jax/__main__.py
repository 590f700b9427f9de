"""The console command `drol-jax`, also ``python -m drol_jax``: one program for each task."""

import sys
from collections.abc import Sequence

from drol_jax.system import commands, interrupts, program
from drol_jax.system.commands import Command

COMMANDS = {
    "bench": Command(module="drol_jax.bench.cli", about="measure what trackers cost, in time and memory"),
    "convert": Command(module="drol_jax.convert.cli", about="convert checkpoints of other programs, and back"),
    "cvat": Command(module="drol_jax.interop.cvat_cli", about="add tracks to a task of the annotation server CVAT"),
    "eval": Command(module="drol_jax.eval.cli", about="track and score a benchmark, or score result files"),
    "export": Command(module="drol_jax.export.cli", about="write trackers for programs without drol_jax"),
    "studio": Command(module="drol_jax.studio.cli", about="box, track, correct and look inside, in the browser"),
    "track": Command(module="drol_jax.tracking.cli", about="follow targets through any video, camera or stream"),
    "train": Command(module="drol_jax.train.cli", about="train a network on image pairs"),
    "tune": Command(module="drol_jax.tune.cli", about="search a tracker's settings, many at a time"),
    "weights": Command(module="drol_jax.weights.cli", about="published weights: list, get, check, card"),
}
HELP = f"""usage: drol-jax COMMAND ...

Single-object tracking with online learning, in JAX.

commands:
{commands.listed(COMMANDS)}

options:
  -h, --help  show this message and exit; drol-jax COMMAND --help tells of a command
  --version   show the version and exit"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
      argv: arguments after the program's name; default is the process's own.

    Returns:
      The exit code: the command's, or 2 where none is named, or one that there is not.
    """
    argv = sys.argv[1:] if argv is None else argv
    if not argv:
        program.tell(HELP)
        return 2
    name, rest = argv[0], argv[1:]
    if name in ("-h", "--help"):
        print(HELP)
        return 0
    if name == "--version":
        from drol_jax.system.resources import version

        print(f"drol_jax {version()}")
        return 0
    return program.guarded(lambda: commands.run(COMMANDS, name, rest, "; drol-jax --help tells of them"))


def console() -> None:
    """Run the command as a program; the process ends with its exit code."""
    interrupts.start("drol_jax.__main__")


if __name__ == "__main__":
    console()
