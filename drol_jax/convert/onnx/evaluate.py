"""A graph evaluated in numpy: what the file itself answers, for the converted network to agree with.

Written from the operators' definitions (ONNX operators, opset 9 to 21). Arrays are [batch, channels, rows, columns]
float64, images BGR as the file has them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from drol_jax.convert.onnx.graph import Graph, Node
from drol_jax.convert.source.layers import convolution
from drol_jax.errors import UserError

Inputs = Sequence[Any]
"""A node's arrays; None for one that is left out."""


def evaluate(graph: Graph, given: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The graph's outputs by name.

    Args:
      graph: of operators in `OPERATORS`.
      given: an array for each input.

    Raises:
      UserError: an operator is not known, or shapes do not fit.
    """
    values: dict[str, Any] = {name: _wide(array) for name, array in {**graph.arrays, **given}.items()}
    for node in graph.nodes:
        if node.op not in OPERATORS:
            raise UserError(
                f"{graph.source} has a node {node.op}, which NanoTrack's networks do not; read are: "
                f"{', '.join(sorted(OPERATORS))}"
            )
        inputs = [values[name] if name else None for name in node.inputs]
        try:
            values[node.outputs[0]] = OPERATORS[node.op](inputs, node)
        except (ValueError, IndexError, TypeError, KeyError) as error:
            shapes = ", ".join("-" if x is None else str(list(x.shape)) for x in inputs)
            raise UserError(f"{graph.source}: {node.op} of {shapes} cannot be computed ({error})") from error
    return {name: values[name] for name in graph.outputs}


def _wide(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float64) if np.issubdtype(array.dtype, np.floating) else array


def _conv(x: Inputs, node: Node) -> np.ndarray:
    attributes = {"strides": (1, 1), "pads": (0, 0, 0, 0), "dilations": (1, 1), **node.attributes}
    stride, pads, dilation = (attributes[name] for name in ("strides", "pads", "dilations"))
    if len({*stride}) > 1 or len({*pads}) > 1 or len({*dilation}) > 1:
        raise ValueError("only square strides, padding and dilation are read")
    y = np.stack([convolution(image, x[1], stride[0], pads[0], dilation[0]) for image in x[0]])
    return y if len(x) < 3 else y + x[2][:, None, None]


def _norm(x: Inputs, node: Node) -> np.ndarray:
    scale, bias, mean, variance = (part[:, None, None] for part in x[1:5])
    return (x[0] - mean) / np.sqrt(variance + node.attributes.get("epsilon", 1e-5)) * scale + bias


def _gemm(x: Inputs, node: Node) -> np.ndarray:
    a, b = (y.T if node.attributes.get(name) else y for y, name in zip(x, ("transA", "transB"), strict=False))
    y = node.attributes.get("alpha", 1.0) * (a @ b)
    return y if len(x) < 3 else y + node.attributes.get("beta", 1.0) * x[2]


def _clip(x: Inputs, node: Node) -> np.ndarray:
    low, high = (x[i] if len(x) > i else node.attributes.get(name) for i, name in ((1, "min"), (2, "max")))
    return x[0] if low is None and high is None else np.clip(x[0], low, high)


def _reshape(x: Inputs, node: Node) -> np.ndarray:
    shape = [x[0].shape[i] if n == 0 else int(n) for i, n in enumerate(x[1])]
    return x[0].reshape(shape)


def _slice(x: Inputs, node: Node) -> np.ndarray:
    starts, ends = x[1], x[2]
    axes = x[3] if len(x) > 3 and x[3] is not None else range(len(starts))
    steps = x[4] if len(x) > 4 and x[4] is not None else [1] * len(starts)
    cut = [slice(None)] * x[0].ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        cut[int(axis)] = slice(int(start), int(end), int(step))
    return x[0][tuple(cut)]


def _hard_sigmoid(x: Inputs, node: Node) -> np.ndarray:
    # Exporters write 1/6 as float32; the layer means the whole number's sixth.
    return np.clip(node.attributes.get("alpha", 0.2) * x[0] + node.attributes.get("beta", 0.5), 0, 1)


OPERATORS: Mapping[str, Callable[[Inputs, Node], np.ndarray]] = {
    "Add": lambda x, node: x[0] + x[1],
    "BatchNormalization": _norm,
    "Clip": _clip,
    "Concat": lambda x, node: np.concatenate(x, node.attributes["axis"]),
    "Conv": _conv,
    "Div": lambda x, node: x[0] / x[1],
    "Exp": lambda x, node: np.exp(x[0]),
    "Flatten": lambda x, node: x[0].reshape(len(x[0]), -1),
    "Gemm": _gemm,
    "GlobalAveragePool": lambda x, node: x[0].mean((2, 3), keepdims=True),
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": lambda x, node: x[0] * np.clip(x[0] + 3, 0, 6) / 6,
    "Identity": lambda x, node: x[0],
    "MatMul": lambda x, node: x[0] @ x[1],
    "Mul": lambda x, node: x[0] * x[1],
    "Relu": lambda x, node: np.maximum(x[0], 0),
    "Reshape": _reshape,
    "Sigmoid": lambda x, node: 1 / (1 + np.exp(-x[0])),
    "Slice": _slice,
    "Transpose": lambda x, node: x[0].transpose(node.attributes["perm"]),
}
"""What each operator of NanoTrack's graphs computes."""
