"""The entries of a table of arrays: PySOT's name, our path, the layout; and those of the deeper backbones."""

from typing import Literal, NamedTuple

from drol_jax.config import ModelConfig
from drol_jax.nets.backbones import mobilenet, resnet

Layout = Literal["colour_kernel", "kernel", "transposed_kernel", "matrix", "vector"]
AXES = {
    "colour_kernel": (2, 3, 1, 0),
    "kernel": (2, 3, 1, 0),
    "transposed_kernel": (2, 3, 0, 1),
    "matrix": (1, 0),
}
"""Where our axes lie in PySOT's array."""


class Entry(NamedTuple):
    """One array: its name in PySOT's state dict, its path in our variables, its layout there."""

    source: str
    path: str
    layout: Layout


NORM_LEAVES = (
    ("weight", "params", "scale"),
    ("bias", "params", "bias"),
    ("running_mean", "batch_stats", "mean"),
    ("running_var", "batch_stats", "var"),
)


def convolution(source: str, path: str, bias: bool, layout: Layout = "kernel") -> list[Entry]:
    entries = [Entry(f"{source}.weight", f"params/{path}/kernel", layout)]
    return entries + [Entry(f"{source}.bias", f"params/{path}/bias", "vector")] * bias


def norm(source: str, path: str) -> list[Entry]:
    return [Entry(f"{source}.{name}", f"{kind}/{path}/{leaf}", "vector") for name, kind, leaf in NORM_LEAVES]


def resnet_entries(model: ModelConfig) -> list[Entry]:
    blocks, bottleneck = resnet.VARIANTS[model.backbone]
    entries = convolution("backbone.conv1", "backbone/conv1", False, "colour_kernel")
    entries += norm("backbone.bn1", "backbone/norm1")
    for stage in resnet.stages(model.layers):
        for i in range(blocks[stage - 1]):
            source, path = f"backbone.layer{stage}.{i}", f"backbone/stage{stage}_block{i}"
            for k in range(1, 4 if bottleneck else 3):
                entries += convolution(f"{source}.conv{k}", f"{path}/conv{k}", False)
                entries += norm(f"{source}.bn{k}", f"{path}/norm{k}")
            if i == 0 and (stage > 1 or bottleneck):
                entries += convolution(f"{source}.downsample.0", f"{path}/shortcut/conv", False)
                entries += norm(f"{source}.downsample.1", f"{path}/shortcut/norm")
    return entries


def mobilenet_entries() -> list[Entry]:
    entries = convolution("backbone.layer0.0", "backbone/conv1", False, "colour_kernel")
    entries += norm("backbone.layer0.1", "backbone/norm1")
    for level, stage in enumerate(mobilenet.STAGES, start=1):
        for i in range(stage.blocks):
            for k, position in enumerate((0, 3, 6), start=1):
                source, path = f"backbone.layer{level}.{i}.conv", f"backbone/stage{level}_block{i}"
                entries += convolution(f"{source}.{position}", f"{path}/conv{k}", False)
                entries += norm(f"{source}.{position + 1}", f"{path}/norm{k}")
    return entries
