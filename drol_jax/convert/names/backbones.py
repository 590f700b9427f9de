"""The arrays of PySOT's backbones: one function for each kind of them."""

from collections.abc import Callable, Mapping

from drol_jax.config import ModelConfig
from drol_jax.config.network import last_output
from drol_jax.convert.names import nanotrack
from drol_jax.convert.names.entries import Entry, Layout, convolution, norm
from drol_jax.nets.backbones import mobilenet, resnet

# Positions of the convolutions and normalisations in PySOT's `features` sequences.
SEQUENCES = {
    "alexnetlegacy": ((0, 4, 8, 11, 14), (1, 5, 9, 12, 15)),
    "alexnetlegacy2": ((0, 4, 8, 11, 14), (1, 5, 9, 12)),
}


def alexnet_entries(model: ModelConfig) -> list[Entry]:
    if model.backbone in SEQUENCES:
        convolutions, norms = ([f"features.{i}" for i in row] for row in SEQUENCES[model.backbone])
    else:
        convolutions, norms = ([f"layer{i}.{part}" for i in range(1, 6)] for part in (0, 1))
    entries = []
    for i, name in enumerate(convolutions, start=1):
        layout: Layout = "colour_kernel" if i == 1 else "kernel"
        entries += convolution(f"backbone.{name}", f"backbone/conv{i}", True, layout)
        if i <= len(norms):
            entries += norm(f"backbone.{norms[i - 1]}", f"backbone/norm{i}")
    return entries


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


def mobilenet_entries(model: ModelConfig) -> list[Entry]:
    entries = convolution("backbone.layer0.0", "backbone/conv1", False, "colour_kernel")
    entries += norm("backbone.layer0.1", "backbone/norm1")
    for level, stage in enumerate(mobilenet.stages(last_output(model)), start=1):
        for i in range(stage.blocks):
            for k, position in enumerate((0, 3, 6), start=1):
                source, path = f"backbone.layer{level}.{i}.conv", f"backbone/stage{level}_block{i}"
                entries += convolution(f"{source}.{position}", f"{path}/conv{k}", False)
                entries += norm(f"{source}.{position + 1}", f"{path}/norm{k}")
    return entries


ENTRIES: Mapping[str, Callable[[ModelConfig], list[Entry]]] = {
    "alexnet": alexnet_entries,
    "resnet": resnet_entries,
    "mobilenet": mobilenet_entries,
    "mobilenetv3": nanotrack.backbone_entries,
}
"""`BackboneFacts.kind` -> its arrays, in the order of the network."""
UNREAD: Mapping[str, tuple[str, ...]] = {"mobilenetv3": ("neck.",)}
"""Prefixes of arrays that files of such networks hold and their networks never read. NanoTrack's: an adjust layer, as
wide in as out."""
