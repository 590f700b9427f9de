"""The arrays of NanoTrack's ONNX pair under the names of its state dict.

Exporters fold normalisations into convolutions and give both names of their own. What an array is follows from where
its layer stands: from each output the graph is walked back, which gives its layers in the order of the network, and
which of the two inputs a layer depends on tells a template's from a search region's. Neither the order of nodes in the
file nor any name in it counts.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from drol_jax.config import ModelConfig
from drol_jax.convert.names import nanotrack
from drol_jax.convert.names.entries import NORM_LEAVES
from drol_jax.convert.names.nanotrack import Layer
from drol_jax.convert.onnx.graph import Graph, Node
from drol_jax.errors import UserError
from drol_jax.nets.facts import BATCH_NORM_EPSILON

State = dict[str, np.ndarray]


class Found(NamedTuple):
    """A layer with arrays in a graph."""

    node: Node
    norm: Node | None
    """The normalisation after it, where it was not folded in."""
    sources: frozenset[str]
    """The graph's inputs that it depends on."""


def state_of(backbone: Graph, head: Graph, model: ModelConfig) -> State:
    """The pair's arrays by the names of NanoTrack's state dicts, in their layouts.

    A normalisation that is in the convolution already becomes one that adds the convolution's bias and does no more.

    Raises:
      UserError: a graph is none of this network; says what was found.
    """
    if len(backbone.inputs) != 1 or len(backbone.outputs) != 1:
        raise UserError(f"{backbone.source} is no backbone, which has one input and one output: {backbone.describe()}")
    if len(head.inputs) != 2 or len(head.outputs) != 2:
        raise UserError(f"{head.source} is no head, which has two inputs and two outputs: {head.describe()}")
    layers = _layers(backbone, backbone.outputs[0])
    state = _named(_joined(nanotrack.backbone_layers(model.backbone)), layers, backbone)
    wanted = _joined(nanotrack.head_layers(model.head))
    for branch, output in zip(("cls", "loc"), head.outputs, strict=True):
        of_branch = [one for one in wanted if one[0].path.startswith(f"head/{branch}_")]
        seen = {id(one.node) for one in layers}
        fresh = [one for one in _layers(head, output) if id(one.node) not in seen]
        layers += fresh
        for kind, sources in (("template", {head.inputs[0]}), ("search", {head.inputs[1]}), ("", {*head.inputs})):
            ours = [one for one in of_branch if _side(one[0]) == kind]
            state |= _named(ours, [one for one in fresh if one.sources == sources], head)
    return state


def _joined(layers: Iterator[Layer]) -> list[tuple[Layer, Layer | None]]:
    """Layers with the normalisations that follow them."""
    listed = list(layers)
    after = [*listed[1:], None]
    return [
        (one, then if then is not None and then.kind == "norm" else None)
        for one, then in zip(listed, after, strict=True)
        if one.kind != "norm"
    ]


def _side(layer: Layer) -> str:
    last = layer.path.rpartition("/")[2]
    return {"template_conv": "template", "search_conv": "search"}.get(last, "")


def _layers(graph: Graph, output: str) -> list[Found]:
    """The layers that an output depends on, each after those before it."""
    makers = {name: node for node in graph.nodes for name in node.outputs}
    sources: dict[str, frozenset[str]] = {name: frozenset({name}) for name in graph.inputs}
    followers = {node.inputs[0]: node for node in graph.nodes if node.op == "BatchNormalization"}
    found: list[Found] = []
    waiting = [output]
    while waiting:  # a stack of its own: graphs are deeper than Python calls
        name = waiting[-1]
        node = makers.get(name)
        if name in sources or node is None:
            sources.setdefault(name, frozenset())
            waiting.pop()
            continue
        missing = [part for part in node.inputs if part not in sources]
        if missing:
            if set(missing) & set(waiting):
                raise UserError(f"{graph.source} is no ONNX model: its nodes go in a circle")
            waiting += missing[:1]
            continue
        sources[name] = frozenset().union(*(sources[part] for part in node.inputs))
        if node.op in ("Conv", "Gemm") and node.inputs[1] in graph.arrays:
            found.append(Found(node, followers.get(node.outputs[0]), sources[name]))
        waiting.pop()
    return found


def _named(wanted: Sequence[tuple[Layer, Layer | None]], found: Sequence[Found], graph: Graph) -> State:
    if len(wanted) != len(found):
        raise UserError(
            f"{graph.source} has {len(found)} layers where the network has {len(wanted)}: {graph.describe()}; "
            "give the --config that it is of, and the backbone before the head"
        )
    state: State = {}
    for (layer, norm), one in zip(wanted, found, strict=True):
        weight, bias = graph.arrays[one.node.inputs[1]], _bias(graph, one.node)
        if layer.kind == "dense" and weight.ndim == 4:
            weight = weight.reshape(weight.shape[:2])  # the same as a convolution of 1x1, where it is one
        if one.node.op == "Gemm" and not one.node.attributes.get("transB"):
            weight = weight.T
        state[f"{layer.source}.weight"] = weight
        biased = layer.kind in ("biased", "dense")
        if biased:
            state[f"{layer.source}.bias"] = np.zeros_like(bias) if norm is not None and one.norm is None else bias
        elif bias.any() and (norm is None or one.norm is not None):
            raise UserError(f"{graph.source}: a convolution has a bias where {layer.source} has none")
        if norm is not None:
            state |= _norm(norm.source, one, bias, graph)
    return state


def _norm(name: str, one: Found, bias: np.ndarray, graph: Graph) -> State:
    leaves = [f"{name}.{leaf}" for leaf, *_ in NORM_LEAVES]
    if one.norm is not None:
        epsilon = one.norm.attributes.get("epsilon", BATCH_NORM_EPSILON)
        if abs(epsilon - BATCH_NORM_EPSILON) > 1e-9:
            raise UserError(f"{graph.source}: {name} adds {epsilon:g} to variances, where the network adds 1e-05")
        return dict(zip(leaves, (graph.arrays[part] for part in one.norm.inputs[1:5]), strict=True))
    ones = np.ones_like(bias)
    return dict(zip(leaves, (ones, bias, np.zeros_like(bias), ones * (1 - BATCH_NORM_EPSILON)), strict=True))


def _bias(graph: Graph, node: Node) -> np.ndarray:
    outputs = graph.arrays[node.inputs[1]].shape[0 if node.op == "Conv" or node.attributes.get("transB") else -1]
    return graph.arrays[node.inputs[2]] if len(node.inputs) > 2 else np.zeros(outputs, np.float32)
