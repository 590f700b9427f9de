"""Convert NanoTrack weights of ours into the pair of ONNX files that `cv2.TrackerNano` loads.

    drol-jax convert to-opencv WEIGHTS --config nanotrack_v2 --output DIR [--force]

Writes nanotrack_backbone.onnx and nanotrack_head.onnx, with the release's names of inputs and outputs, and needs no
package beside drol_jax. Both are read back and compared with our network before they appear, at one and at two search
regions: by OpenCV, which is to run them, and by the operators' definitions. Version 3's maps have 15 cells:
TrackerNano, which counts on 16, does not take it, NanoTrack's own programs do.
"""

from pathlib import Path
from typing import Any

import cv2
import jax
import numpy as np

from drol_jax import checkpoint
from drol_jax.config import ModelConfig
from drol_jax.config.network import level_channels
from drol_jax.convert.arguments import FromOurs
from drol_jax.convert.conversion import COMPILER, Maps, fixed_images
from drol_jax.convert.onnx import graph as graphs
from drol_jax.convert.onnx import nanotrack
from drol_jax.convert.onnx.evaluate import evaluate
from drol_jax.convert.onnx_to_flax import SEARCH_PIXELS, check_network
from drol_jax.errors import UserError
from drol_jax.nets import SiameseNet
from drol_jax.nets.heads.points import TEMPLATE_CELLS, VARIANTS
from drol_jax.nets.inference.fold import fold
from drol_jax.settings import load_model
from drol_jax.system import atomic
from drol_jax.system.interrupts import DelayedInterrupt
from drol_jax.system.resources import version
from drol_jax.system.trees import flatten_dict

FILES = ("nanotrack_backbone.onnx", "nanotrack_head.onnx")
TOLERANCE = 1e-4
"""Largest difference from our network, relative to a tensor's largest number; 1e-6 is usual."""


def convert(given: FromOurs) -> None:
    """Write the pair into a folder, which appears whole or not at all.

    Raises:
      UserError: no such weights or configuration, another network than NanoTrack's, a file that answers differently, or
        the folder cannot be written.
    """
    model = load_model(given.config)
    check_network(model, given.config)
    output = given.output
    atomic.check_replaceable(output, FILES, force=given.force)
    variables = checkpoint.load(checkpoint.resolve(given.weights), model).variables
    with DelayedInterrupt() as held, atomic.scratch(output, "choose a folder you may write") as scratch:
        fresh = scratch / "new"
        fresh.mkdir()
        for name, content in zip(FILES, messages(variables, model), strict=True):
            (fresh / name).write_bytes(content)
        with held.let_through():
            found = compare(variables, model, *(fresh / name for name in FILES))
        held.check()
        atomic.replace(fresh, output)
    print(f"saved {output}: {', '.join(FILES)}; largest difference {found:.1e} of a tensor's scale")


def messages(variables: Any, model: ModelConfig) -> tuple[bytes, bytes]:
    """Backbone and head as ONNX files."""
    arrays = flatten_dict(fold(model, variables)["params"], sep="/")
    (channels,) = level_channels(model)
    cells, producer = 16, f"drol_jax {version()}"
    maps = cells - 1 if VARIANTS[model.head].both else cells
    ends = {"input": ("N", 3, "rows", "columns")}, {"output": ("N", channels, "cell_rows", "cell_columns")}
    backbone = nanotrack.backbone(arrays, model).message("backbone", *ends, producer)
    templates = {"input1": (1, channels, TEMPLATE_CELLS, TEMPLATE_CELLS), "input2": ("N", channels, cells, cells)}
    outputs = {"output1": ("N", 2, maps, maps), "output2": ("N", 4, maps, maps)}
    return backbone, nanotrack.head(arrays, model, channels).message("head", templates, outputs, producer)


def compare(variables: Any, model: ModelConfig, backbone: Path, head: Path) -> float:
    """The largest difference between our network and the files, at one and at two search regions.

    Raises:
      UserError: it is above `TOLERANCE`, or OpenCV does not read a file.
    """
    z, x = fixed_images(SEARCH_PIXELS)
    template, regions = z[None], np.stack([x, x[::-1, ::-1]])
    ours = _our_maps(variables, model, template, regions)
    template, regions = (images[..., ::-1].transpose(0, 3, 1, 2) for images in (template, regions))
    answers = [_by_definition(backbone, head, template, regions)]
    answers += [_by_opencv(backbone, head, template, regions[:count]) for count in (1, 2)]
    pairs = ((ours[name][: len(one[name])], one[name]) for one in answers for name in ours)
    worst = max(float(np.abs(found - wanted).max() / np.abs(wanted).max()) for wanted, found in pairs)
    if not worst <= TOLERANCE:
        raise UserError(f"the files differ from our network by {worst:.1e} of a tensor's scale: nothing was saved")
    return worst


def _our_maps(variables: Any, model: ModelConfig, z: np.ndarray, x: np.ndarray) -> Maps:
    """Our network's answer to one template and some regions, channels first."""
    net = SiameseNet(model)

    def run(variables: Any, z: Any, x: Any) -> dict[str, Any]:
        response: Any = net.apply(variables, z, x)
        return {"feature": net.apply(variables, x, method="feature"), "cls": response.cls, "loc": response.loc}

    with jax.default_matmul_precision("highest"):
        found = jax.jit(run).lower(variables, z, x).compile(COMPILER)(variables, z, x)
    return {name: np.asarray(array).transpose(0, 3, 1, 2) for name, array in found.items()}


def _by_definition(backbone: Path, head: Path, z: np.ndarray, x: np.ndarray) -> Maps:
    first, second = graphs.read(backbone), graphs.read(head)
    template, feature = (evaluate(first, {"input": images})["output"] for images in (z, x))
    maps = evaluate(second, {"input1": template, "input2": feature})
    return {"feature": feature, "cls": maps["output1"], "loc": maps["output2"]}


def _by_opencv(backbone: Path, head: Path, z: np.ndarray, x: np.ndarray) -> Maps:
    try:
        first, second = (cv2.dnn.readNetFromONNX(str(path)) for path in (backbone, head))
        first.setInput(z)
        second.setInput(first.forward().copy(), "input1")
        first.setInput(x)
        feature = first.forward().copy()
        second.setInput(feature, "input2")
        cls, loc = second.forward(["output1", "output2"])
    except cv2.error as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"OpenCV {cv2.__version__} does not take the files ({reason}): nothing was saved") from error
    return {"feature": feature, "cls": cls, "loc": loc}
