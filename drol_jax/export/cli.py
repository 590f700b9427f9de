"""Arguments and wiring of ``drol-jax export``."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from drol_jax.export.arguments import ExportArguments, StablehloArguments
from drol_jax.system import commands
from drol_jax.system.arguments import parse
from drol_jax.system.commands import Command
from drol_jax.system.program import guarded, tell

PROGRAM = "drol-jax export"


@dataclass(frozen=True, kw_only=True)
class Export(Command):
    """One kind of export."""

    arguments: type[Any]
    """Dataclass of its arguments, which ``run(arguments)`` of the module takes."""


EXPORTS = {
    "onnx": Export(
        module="drol_jax.export.onnx",
        about="write a network as two ONNX files, for onnxruntime",
        arguments=ExportArguments,
    ),
    "stablehlo": Export(
        module="drol_jax.export.stablehlo",
        about="write init and step whole, for programs that have jax alone",
        arguments=StablehloArguments,
    ),
}
HELP = f"""usage: {PROGRAM} COMMAND ...

Write trackers as files that run without drol_jax. Each is compared with the tracker before it appears.
(drol-jax convert to-opencv writes NanoTrack for OpenCV's TrackerNano.)

commands:
{commands.listed(EXPORTS)}

{PROGRAM} COMMAND --help tells of one.

Exit code: 0 written, 2 misuse, or an export that answers differently, 130 interrupted; after any but 0 nothing is left
behind."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run an export.

    Args:
      argv: arguments after the program's name; default is the process's own.

    Returns:
      The exit code, as --help tells.

    Raises:
      SystemExit: after --help (0) and on arguments that do not parse (2).
    """
    argv = sys.argv[1:] if argv is None else argv
    if not argv:
        tell(HELP)
        return 2
    if argv[0] in ("-h", "--help"):
        print(HELP)
        return 0
    return guarded(lambda: _run(argv[0], argv[1:]))


def _run(name: str, argv: Sequence[str]) -> int:
    export = commands.find(EXPORTS, name, f"; {PROGRAM} --help tells of them")
    about = f"{export.about[0].upper()}{export.about[1:]}."
    arguments = parse(export.arguments, argv, f"{PROGRAM} {name}", about)
    return import_module(export.module).run(arguments)
