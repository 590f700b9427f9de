"""The arrays of NanoTrack's networks: its names of their layers beside our paths."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from drol_jax.config import ModelConfig
from drol_jax.convert.names.entries import Entry, Layout, convolution, norm
from drol_jax.nets.backbones import mobilenetv3
from drol_jax.nets.heads import points


class Layer(NamedTuple):
    kind: Literal["stem", "convolution", "biased", "dense", "norm"]
    source: str
    path: str


def backbone_entries(model: ModelConfig) -> list[Entry]:
    """The arrays of MobileNetV3-small as NanoTrack cuts it, in the order of the network."""
    return _entries(backbone_layers(model.backbone))


def head_entries(model: ModelConfig) -> list[Entry]:
    """The arrays of one of NanoTrack's heads, in the order of the network."""
    return _entries(head_layers(model.head))


def _entries(layers: Iterator[Layer]) -> list[Entry]:
    entries = []
    for kind, source, path in layers:
        if kind == "norm":
            entries += norm(source, path)
        else:
            layout: Layout = "colour_kernel" if kind == "stem" else "matrix" if kind == "dense" else "kernel"
            entries += convolution(source, path, kind in ("biased", "dense"), layout)
    return entries


def backbone_layers(backbone: str) -> Iterator[Layer]:
    """The layers of a backbone, in the order of the network."""
    yield Layer("stem", "backbone.features.0.0", "backbone/stem")
    yield Layer("norm", "backbone.features.0.1", "backbone/stem_norm")
    width = mobilenetv3.STEM
    for i, block in enumerate(mobilenetv3.VARIANTS[backbone], start=1):
        yield from _block(f"backbone.features.{i}.conv", f"backbone/block{i}", block, block.wide != width)
        width = block.outputs


def _block(source: str, path: str, block: mobilenetv3.Block, widens: bool) -> Iterator[Layer]:
    if widens:
        yield Layer("convolution", f"{source}.0", f"{path}/expand")
        yield Layer("norm", f"{source}.1", f"{path}/expand_norm")
    # The sequences number rectifiers too, and where they stand differs.
    filter_, squeeze, project = (3, 5, 7) if widens else (0, 3, 4)
    yield Layer("convolution", f"{source}.{filter_}", f"{path}/filter")
    yield Layer("norm", f"{source}.{filter_ + 1}", f"{path}/filter_norm")
    if block.squeezed:
        yield Layer("dense", f"{source}.{squeeze}.fc.0", f"{path}/squeeze")
        yield Layer("dense", f"{source}.{squeeze}.fc.2", f"{path}/excite")
    yield Layer("convolution", f"{source}.{project}", f"{path}/project")
    yield Layer("norm", f"{source}.{project + 1}", f"{path}/project_norm")


def head_layers(head: str) -> Iterator[Layer]:
    """The layers of a head, in the order of the network, class branch first."""
    variant = points.VARIANTS[head]
    # The second version alone, which correlates pixel by pixel only, has names of its own.
    second = variant.separate and not variant.both
    tower, output = ("pw_tower", "cls_pred") if second else ("tower", "cls_logits")
    outputs = {"cls": output, "loc": "bbox_pred"}
    for branch, theirs, tower_layers in (("cls", "cls", variant.cls), ("loc", "reg", variant.loc)):
        if variant.separate or branch == "cls":
            suffix = f"_{theirs}" if variant.separate else ""
            yield from _correlation("ban_head.", suffix, f"head/{branch}_correlation", variant)
        source = f"ban_head.{'bbox' if branch == 'loc' else branch}_{tower}"
        yield from _tower(source, f"head/{branch}_tower", len(tower_layers), variant.norm_between)
        yield Layer("biased", f"ban_head.{outputs[branch]}.0", f"head/{branch}_output")


def _correlation(source: str, suffix: str, path: str, variant: points.Variant) -> Iterator[Layer]:
    pixelwise, depthwise = f"{source}corr_pw{suffix}", f"{source}corr_dw{suffix}"
    if variant.separate:
        yield from _embedding(pixelwise, f"{path}/pixelwise")
    if variant.both:
        yield from _embedding(depthwise, f"{path}/depthwise")
    yield Layer("biased", f"{pixelwise}.CA_layer.fc1", f"{path}/squeeze")
    yield Layer("biased", f"{pixelwise}.CA_layer.fc2", f"{path}/excite")
    if variant.both:
        yield Layer("convolution", f"{pixelwise}.conv.0", f"{path}/shrink_filter")
        yield Layer("norm", f"{pixelwise}.conv.1", f"{path}/shrink_filter_norm")
        yield Layer("biased", f"{pixelwise}.conv.3", f"{path}/shrink_conv")
        yield Layer("norm", f"{pixelwise}.conv.4", f"{path}/shrink_norm")
        yield Layer("biased", f"{source}down{suffix}.0", f"{path}/merge")


def _embedding(source: str, path: str) -> Iterator[Layer]:
    for theirs, ours in (("kernel", "template"), ("search", "search")):
        yield Layer("biased", f"{source}.conv_{theirs}.0", f"{path}/{ours}_conv")
        yield Layer("norm", f"{source}.conv_{theirs}.1", f"{path}/{ours}_norm")


def _tower(source: str, path: str, count: int, norm_between: bool) -> Iterator[Layer]:
    length = 5 if norm_between else 4
    for i in range(count):
        filter_, conv = i * length, i * length + (3 if norm_between else 1)
        yield Layer("convolution", f"{source}.{filter_}", f"{path}/filter{i + 1}")
        if norm_between:
            yield Layer("norm", f"{source}.{filter_ + 1}", f"{path}/filter_norm{i + 1}")
        yield Layer("convolution", f"{source}.{conv}", f"{path}/conv{i + 1}")
        yield Layer("norm", f"{source}.{conv + 1}", f"{path}/norm{i + 1}")
