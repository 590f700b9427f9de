"""The backbone of an image classifier, as torchvision lays MobileNetV2 out, as a tracker's backbone.

The classifier sees padded images of mean 0 and variance 1, the tracker unpadded ones in 0..255: the first convolution
and its normalisation take the difference on themselves, exactly. Its first block expands nothing, where ours has a
convolution: that becomes the identity.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from drol_jax.checkpoint.variables import listing, mismatches, variable_shapes
from drol_jax.config import ModelConfig
from drol_jax.config.network import backbone_facts
from drol_jax.convert.names.backbones import ENTRIES
from drol_jax.convert.names.entries import Entry, to_ours
from drol_jax.convert.torch.files import read_state_dict
from drol_jax.errors import UserError
from drol_jax.nets.backbones.mobilenet import STAGES
from drol_jax.nets.facts import BATCH_NORM_EPSILON

MEAN = np.array([0.485, 0.456, 0.406])
"""Mean of ImageNet's red, green and blue, in 0..1, that classifiers are trained with."""
DEVIATION = np.array([0.229, 0.224, 0.225])
"""Their standard deviations."""
KIND = "mobilenet"
"""`BackboneFacts.kind` of the backbones that classifiers are known for."""


def backbone(path: str | Path, model: ModelConfig) -> dict[str, np.ndarray]:
    """The arrays of the network's backbone, from a classifier's file.

    Args:
      path: a PyTorch file of MobileNetV2 in torchvision's layout, `features.N...`; classifiers behind it are left out.
      model: the network whose backbone is wanted.

    Returns:
      float32 arrays by path, "params/backbone/conv1/kernel" and so on.

    Raises:
      UserError: another backbone is wanted, the file is unreadable, or its arrays are not those of such a classifier.
    """
    if backbone_facts(model).kind != KIND:
        raise UserError(f"a classifier's file {path} makes no {model.backbone}; name weights that drol_jax has saved")
    state = read_state_dict(path)
    entries = ENTRIES[KIND](model)
    shapes = {entry.path: shape for entry in entries if (shape := variable_shapes(model)[entry.path])}
    found = {entry.path: _array(state, entry, shapes[entry.path]) for entry in entries}
    missing = {path: np.shape(array) for path, array in found.items() if array is not None}
    if wrong := listing(mismatches(missing, shapes)):
        raise UserError(f"{path} is no MobileNetV2 of width {model.width:g} in torchvision's layout: {wrong}")
    return _of_raw_images({path: array for path, array in found.items() if array is not None})


def _array(state: Mapping[str, np.ndarray], entry: Entry, shape: tuple[int, ...]) -> np.ndarray | None:
    """The array of an entry; None where the file lacks it."""
    name = _name(entry.source)
    if name is None:
        return _identity(entry.path, shape)
    if name not in state:
        return None
    # Published trackers take blue first, classifiers red first, as this library does.
    layout = "kernel" if entry.layout == "colour_kernel" else entry.layout
    return to_ours(state[name].astype(np.float32), layout)


def _name(source: str) -> str | None:
    """torchvision's name of an array by PySOT's; None for the layers that it does without."""
    _, layer, *rest = source.split(".")
    stage = int(layer.removeprefix("layer"))
    if stage == 0:
        return ".".join(["features", "0", *rest])
    block, conv, position, leaf = rest
    number = 1 + sum(before.blocks for before in STAGES[: stage - 1]) + int(block)
    if STAGES[stage - 1].expansion == 1:
        position = str(int(position) - 3)
        if position.startswith("-"):
            return None
    return ".".join(["features", str(number), conv, position, leaf])


def _identity(path: str, shape: tuple[int, ...]) -> np.ndarray:
    """An array of a convolution and normalisation that change nothing."""
    if path.endswith("/kernel"):
        return np.eye(shape[-1], dtype=np.float32)[None, None]
    value = {"scale": 1.0, "var": 1.0 - BATCH_NORM_EPSILON}.get(path.rsplit("/", 1)[1], 0.0)
    return np.full(shape, value, np.float32)


def _of_raw_images(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """The same backbone for images in 0..255: k * (x / 255 - mean) / deviation is k' * x - c."""
    kernel, mean = "params/backbone/conv1/kernel", "batch_stats/backbone/norm1/mean"
    scaled = arrays[kernel].astype(np.float64) / DEVIATION[:, None]
    offset = np.einsum("hwio,i->o", scaled, MEAN)
    return {**arrays, kernel: (scaled / 255).astype(np.float32), mean: (arrays[mean] + offset).astype(np.float32)}
