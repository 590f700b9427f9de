"""NanoTrack's networks as ONNX graphs: the pair that its release ships and OpenCV's TrackerNano loads.

Layers lie channels first, images are BGR in 0..255, normalisation is in the convolutions. Channels are weighed by 1x1
convolutions and shapes leave the batch open, so that one file takes 127 and 255 pixels and any number of regions.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from drol_jax.config import ModelConfig
from drol_jax.convert.names.entries import Layout, to_source
from drol_jax.convert.onnx.writer import Builder
from drol_jax.nets.backbones import mobilenetv3
from drol_jax.nets.heads import points

Arrays = Mapping[str, Any]
"""Folded parameters by path, such as "backbone/stem/kernel"."""


def backbone(arrays: Arrays, model: ModelConfig) -> Builder:
    """The graph of "input" [N, 3, rows, columns] -> "output" [N, channels, cells, cells]."""
    graph = Builder()
    x = _conv(graph, arrays, "backbone/stem", "input", stride=2, layout="colour_kernel")
    x = graph.add("HardSwish", x)
    blocks = mobilenetv3.VARIANTS[model.backbone]
    width = mobilenetv3.STEM
    for i, block in enumerate(blocks, start=1):
        last = "output" if i == len(blocks) else ""
        x = _block(graph, arrays, f"backbone/block{i}", x, block, width, last)
        width = block.outputs
    return graph


def head(arrays: Arrays, model: ModelConfig, channels: int) -> Builder:
    """The graph of a template's "input1" and search regions' "input2" -> "output1" (logits), "output2" (distances)."""
    graph, variant = Builder(), points.VARIANTS[model.head]
    cells = graph.constant("cells", np.array([0, channels, -1]))
    maps: dict[str, str] = {}
    for branch in ("cls", "loc"):
        shared = branch == "loc" and not variant.separate
        path = f"head/{branch}_correlation"
        maps[branch] = maps["cls"] if shared else _correlation(graph, arrays, path, variant, cells, channels)
    for branch, layers, output in (("cls", variant.cls, "output1"), ("loc", variant.loc, "distances")):
        x = _tower(graph, arrays, f"head/{branch}_tower", maps[branch], layers, variant.norm_between)
        _conv(graph, arrays, f"head/{branch}_output", x, output=output)
    graph.add("Exp", "distances", output="output2")
    return graph


def _block(graph: Builder, arrays: Arrays, path: str, x: str, block: mobilenetv3.Block, width: int, output: str) -> str:
    activation, widens = "HardSwish" if block.hard else "Relu", block.wide != width
    y = graph.add(activation, _conv(graph, arrays, f"{path}/expand", x)) if widens else x
    y = _conv(graph, arrays, f"{path}/filter", y, stride=block.stride)
    y = y if widens else graph.add(activation, y)
    if block.squeezed:
        pooled = graph.add("Relu", _conv(graph, arrays, f"{path}/squeeze", graph.add("GlobalAveragePool", y)))
        gain = graph.add("HardSigmoid", _conv(graph, arrays, f"{path}/excite", pooled), alpha=1 / 6, beta=0.5)
        # The shape stays as it is: without a node between, OpenCV (4.11 to 5.0) takes the product for a hard swish.
        y = graph.add("Mul", y, graph.add("Reshape", gain, graph.constant("gain", np.array([0, -1, 1, 1]))))
    y = graph.add(activation, y) if widens else y
    same = block.stride == 1 and width == block.outputs
    y = _conv(graph, arrays, f"{path}/project", y, output="" if same else output)
    return graph.add("Add", x, y, output=output) if same else y


def _correlation(graph: Builder, arrays: Arrays, path: str, variant: points.Variant, cells: str, channels: int) -> str:
    z, x = "input1", "input2"
    if variant.separate:
        z = _conv(graph, arrays, f"{path}/pixelwise/template_conv", z)
        x = _conv(graph, arrays, f"{path}/pixelwise/search_conv", x)
    kernel = graph.add("Transpose", graph.add("Reshape", z, cells), perm=(0, 2, 1))
    products = graph.add("MatMul", kernel, graph.add("Reshape", x, cells))
    maps = graph.add("Reshape", products, graph.constant("map", np.array([0, points.TEMPLATE_CELLS**2, 16, 16])))
    gain = _conv(graph, arrays, f"{path}/squeeze", graph.add("GlobalAveragePool", maps))
    gain = graph.add("Sigmoid", _conv(graph, arrays, f"{path}/excite", graph.add("Relu", gain)))
    maps = graph.add("Mul", maps, gain)
    if not variant.both:
        return maps
    maps = _rectified(graph, _conv(graph, arrays, f"{path}/shrink_filter", maps, pad=0))
    maps = _conv(graph, arrays, f"{path}/shrink_conv", maps)
    edge = (points.TEMPLATE_CELLS - points.CORE) // 2
    bounds = {"starts": [edge, edge], "ends": [edge + points.CORE] * 2, "axes": [2, 3]}
    core = graph.add("Slice", "input1", *(graph.constant(name, np.array(numbers)) for name, numbers in bounds.items()))
    core = _conv(graph, arrays, f"{path}/depthwise/template_conv", core)
    taps = graph.constant("taps", np.array([channels, 1, points.CORE, points.CORE]))
    search = _conv(graph, arrays, f"{path}/depthwise/search_conv", "input2")
    deep = graph.add("Conv", search, graph.add("Reshape", core, taps), group=channels, pads=(1, 1, 1, 1))
    return _conv(graph, arrays, f"{path}/merge", graph.add("Concat", maps, deep, axis=1))


def _tower(
    graph: Builder, arrays: Arrays, path: str, x: str, layers: tuple[points.Layer, ...], norm_between: bool
) -> str:
    for i in range(1, len(layers) + 1):
        x = _conv(graph, arrays, f"{path}/filter{i}", x)
        x = _rectified(graph, x) if norm_between else x
        x = _conv(graph, arrays, f"{path}/conv{i}", x)
        x = x if norm_between else _rectified(graph, x)
    return x


def _rectified(graph: Builder, x: str) -> str:
    """The rectifier that ends at 6."""
    low, high = (graph.constant(name, np.array(value, np.float32)) for name, value in (("zero", 0), ("six", 6)))
    return graph.add("Clip", x, low, high)


def _conv(
    graph: Builder,
    arrays: Arrays,
    path: str,
    x: str,
    *,
    stride: int = 1,
    pad: int | None = None,
    layout: Layout = "kernel",
    output: str = "",
) -> str:
    """A convolution, or a dense layer as one of 1x1; padded to keep the size unless told otherwise."""
    kernel = np.asarray(arrays[f"{path}/kernel"])
    kernel = to_source(kernel if kernel.ndim == 4 else kernel[None, None], layout)
    size = kernel.shape[-1]
    each = size // 2 if pad is None else pad
    names = [graph.constant(f"{path}/kernel", kernel)]
    if f"{path}/bias" in arrays:
        names.append(graph.constant(f"{path}/bias", np.asarray(arrays[f"{path}/bias"])))
    groups = kernel.shape[0] if kernel.shape[1] == 1 else 1
    geometry = {"kernel_shape": (size, size), "strides": (stride, stride), "pads": (each,) * 4, "group": groups}
    return graph.add("Conv", x, *names, output=output, **geometry)
