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
        examples=(
            "pysot model.pth --config siamrpn_alex_otb --output weights/siamrpn_alex_otb",
            "pysot model.pth --config pysot/experiments/NAME/config.yaml --check pysot --output weights/NAME",
        ),
    ),
    "onnx": Subprogram(
        module="drol_jax.convert.onnx_to_flax",
        about="convert NanoTrack's pair of ONNX files, backbone and head",
        arguments=FromOnnx,
        examples=(
            "onnx nanotrack_backbone.onnx nanotrack_head.onnx --config nanotrack_v2 --output weights/nanotrack_v2",
            "onnx backbone.onnx head.onnx --config nanotrack_v1 --output weights/nanotrack_v1.safetensors",
        ),
    ),
    "siamfc": Subprogram(
        module="drol_jax.convert.siamfc_mat_to_flax",
        about="convert a network of the SiamFC MATLAB release (.mat)",
        arguments=ToOurs,
        examples=(
            "siamfc 2016-08-17.net.mat --config siamfc_alex_otb --output weights/siamfc",
            "siamfc 2016-08-17.net.mat --config siamfc_alex_vot --output weights/siamfc.safetensors --force",
        ),
    ),
    "siammask": Subprogram(
        module="drol_jax.convert.siammask_to_flax",
        about="convert a checkpoint of the original SiamMask release (.pth)",
        arguments=FromTorch,
        examples=(
            "siammask SiamMask_DAVIS.pth --config pysot_siammask_r50 --output weights/siammask",
            "siammask model.pth --config pysot_siammask_r50 --part ema --output weights/siammask.safetensors",
        ),
    ),
    "to-opencv": Subprogram(
        module="drol_jax.convert.flax_to_opencv",
        about="convert NanoTrack weights of ours into the pair of ONNX files that OpenCV's TrackerNano loads",
        arguments=FromOurs,
        examples=(
            "to-opencv weights/nanotrack_v2 --config nanotrack_v2 --output opencv",
            "to-opencv weights/nanotrack_v2.safetensors --config nanotrack_v2 --output opencv --force",
        ),
    ),
    "to-pysot": Subprogram(
        module="drol_jax.convert.flax_to_pysot",
        about="convert weights of ours into a PySOT checkpoint (.pth)",
        arguments=FromOurs,
        examples=(
            "to-pysot siamrpn_alex_tiny --config siamrpn_alex_tiny --output model.pth",
            "to-pysot weights/siamrpn_alex_otb --config siamrpn_alex_otb --output model.pth",
        ),
    ),
}
HELP = f"""usage: {PROGRAM} COMMAND ...

Convert checkpoints into weights that drol_jax loads, and back. Nothing that a file holds is run. Every array must be
there and none left over, and the converted network must answer as its source does; otherwise nothing is written.

commands:
{commands.listed(CONVERTERS)}

examples:
{subprograms.examples(PROGRAM, CONVERTERS)}

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
