"""Arguments and wiring of ``drol-jax convert``."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from drol_jax.convert.arguments import FromOnnx, FromOurs, FromTorch, ToOurs, ToOursChecked
from drol_jax.system import commands, subprograms
from drol_jax.system.program import tell
from drol_jax.system.subprograms import Subprogram

PROGRAM = "drol-jax convert"

CONVERTERS = {
    "pysot": Subprogram(
        module="drol_jax.convert.pysot_to_flax",
        about="convert a checkpoint of PySOT, DROL, NanoTrack or PyTorch SiamFC (.pth)",
        arguments=ToOursChecked,
    ),
    "onnx": Subprogram(
        module="drol_jax.convert.onnx_to_flax",
        about="convert NanoTrack's pair of ONNX files, backbone and head",
        arguments=FromOnnx,
    ),
    "siamfc": Subprogram(
        module="drol_jax.convert.siamfc_mat_to_flax",
        about="convert a network of the SiamFC MATLAB release (.mat)",
        arguments=ToOurs,
    ),
    "siammask": Subprogram(
        module="drol_jax.convert.siammask_to_flax",
        about="convert a checkpoint of the original SiamMask release (.pth)",
        arguments=FromTorch,
    ),
    "to-opencv": Subprogram(
        module="drol_jax.convert.flax_to_opencv",
        about="convert NanoTrack weights of ours into the pair of ONNX files that OpenCV's TrackerNano loads",
        arguments=FromOurs,
    ),
    "to-pysot": Subprogram(
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
    return subprograms.main(PROGRAM, HELP, CONVERTERS, argv, _convert)


def _convert(converter: Subprogram, arguments: Any) -> int:
    from drol_jax.convert.source.checkout import Disagreement

    try:
        import_module(converter.module).convert(arguments)
    except Disagreement as error:
        tell(f"error: {error}")
        return 1
    return 0
