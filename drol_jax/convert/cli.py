"""Arguments and wiring of ``drol-jax convert``."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from drol_jax.convert.arguments import FromOnnx, FromOurs, FromTorch, ToOurs, ToOursChecked
from drol_jax.system import commands
from drol_jax.system.arguments import parse
from drol_jax.system.commands import Command
from drol_jax.system.program import guarded, tell

PROGRAM = "drol-jax convert"


@dataclass(frozen=True, kw_only=True)
class Converter(Command):
    """A command that converts one kind of file."""

    arguments: type[Any]
    """Dataclass of its arguments, which ``convert(arguments)`` of the module takes."""


CONVERTERS = {
    "pysot": Converter(
        module="drol_jax.convert.pysot_to_flax",
        about="convert a checkpoint of PySOT, DROL, NanoTrack or PyTorch SiamFC (.pth)",
        arguments=ToOursChecked,
    ),
    "onnx": Converter(
        module="drol_jax.convert.onnx_to_flax",
        about="convert NanoTrack's pair of ONNX files, backbone and head",
        arguments=FromOnnx,
    ),
    "siamfc": Converter(
        module="drol_jax.convert.siamfc_mat_to_flax",
        about="convert a network of the SiamFC MATLAB release (.mat)",
        arguments=ToOurs,
    ),
    "siammask": Converter(
        module="drol_jax.convert.siammask_to_flax",
        about="convert a checkpoint of the original SiamMask release (.pth)",
        arguments=FromTorch,
    ),
    "to-opencv": Converter(
        module="drol_jax.convert.flax_to_opencv",
        about="convert NanoTrack weights of ours into the pair of ONNX files that OpenCV's TrackerNano loads",
        arguments=FromOurs,
    ),
    "to-pysot": Converter(
        module="drol_jax.convert.flax_to_pysot",
        about="convert weights of ours into a PySOT checkpoint (.pth)",
        arguments=FromOurs,
    ),
}
HELP = f"""usage: {PROGRAM} COMMAND ...

Convert checkpoints into weights that drol_jax loads, and back. Nothing that a file holds is run. Every array must be
there and none left over, and the converted network must answer as its source does; otherwise nothing is written.

commands:
{commands.listed(CONVERTERS)}

{PROGRAM} COMMAND --help tells of one.

Exit code: 0 converted, 1 the network of --check answers differently, 2 misuse or a bad file, 130 interrupted; after any
but 0 nothing is left behind."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a converter.

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
    return guarded(lambda: _convert(argv[0], argv[1:]))


def _convert(name: str, argv: Sequence[str]) -> int:
    converter = commands.find(CONVERTERS, name, f"; {PROGRAM} --help tells of them")
    about = f"{converter.about[0].upper()}{converter.about[1:]}."
    arguments = parse(converter.arguments, argv, f"{PROGRAM} {name}", about)
    from drol_jax.convert.source.checkout import Disagreement

    convert = import_module(converter.module).convert
    try:
        convert(arguments)
    except Disagreement as error:
        tell(f"error: {error}")
        return 1
    return 0
