"""Arguments and wiring of ``drol-jax export``."""

from collections.abc import Sequence

from drol_jax.export.arguments import ExportArguments, StablehloArguments
from drol_jax.system import commands, subprograms
from drol_jax.system.subprograms import Subprogram

PROGRAM = "drol-jax export"

EXPORTS = {
    "onnx": Subprogram(
        module="drol_jax.export.onnx",
        about="write a network as two ONNX files, for onnxruntime",
        arguments=ExportArguments,
        examples=(
            "onnx --config siamrpn_alex_tiny --output exported",
            "onnx --config nanotrack_v2 --output exported --force",
        ),
    ),
    "stablehlo": Subprogram(
        module="drol_jax.export.stablehlo",
        about="write init and step whole, for programs that have jax alone",
        arguments=StablehloArguments,
        examples=(
            "stablehlo --config siamrpn_alex_tiny --output exported",
            "stablehlo --config siamfc_alex_tiny --baseline --platforms cpu cuda --output exported",
        ),
    ),
}
HELP = f"""usage: {PROGRAM} COMMAND ...

Write trackers as files that run without drol_jax. Each is compared with the tracker before it appears.
(drol-jax convert to-opencv writes NanoTrack for OpenCV's TrackerNano.)

commands:
{commands.listed(EXPORTS)}

examples:
{subprograms.examples(PROGRAM, EXPORTS)}

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
    return subprograms.main(PROGRAM, HELP, EXPORTS, argv)
