"""Graphs of ONNX files: nodes, attributes, arrays. Nothing of a file is run, and no file beside it is opened.

The numbers of fields are those of onnx.proto (onnx/onnx, IR version 3 to 10).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from drol_jax.convert.onnx.wire import FIXED32, Field, fields, varints
from drol_jax.errors import UserError, reason
from drol_jax.system import reading

LARGEST = 2**30
"""Bytes of the largest file that is read."""
TYPES: Mapping[int, Any] = {1: "<f4", 6: "<i4", 7: "<i8", 10: "<f2", 11: "<f8"}
"""TensorProto.DataType of the arrays that are read -> their numbers in numpy."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """One operation."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    """int, float, text, tuple of int, or array, by name."""


@dataclass(frozen=True, kw_only=True)
class Graph:
    """What one file computes."""

    source: Path
    nodes: tuple[Node, ...]
    arrays: Mapping[str, np.ndarray]
    """Constants by name."""
    inputs: tuple[str, ...]
    """Names of what it is given, without the constants."""
    outputs: tuple[str, ...]

    def describe(self) -> str:
        """What the graph is, in words for a message."""
        kinds = ", ".join(sorted({node.op for node in self.nodes})[:12])
        ends = f"{', '.join(self.inputs)} -> {', '.join(self.outputs)}"
        return f"{len(self.nodes)} nodes, {ends} ({kinds})"


def read(path: Path) -> Graph:
    """The graph of a file.

    Raises:
      UserError: it cannot be read, is no ONNX model, or keeps its numbers in another file.
    """
    try:
        content = memoryview(reading.content(path, LARGEST))
    except OSError as error:
        raise UserError(f"{path} cannot be read ({reason(error)}); check the path") from error
    try:
        graphs = [field.content for field in fields(content) if field.number == 7]
        if len(graphs) != 1:
            raise ValueError("it holds no graph")
        return _graph(graphs[0], path)
    except (ValueError, OverflowError) as error:
        why = ascii(str(error))[1:-1][:200]
        raise UserError(f"{path} is no whole ONNX model ({why}); give NanoTrack's backbone and head") from error


def _graph(message: memoryview, source: Path) -> Graph:
    nodes, arrays, inputs, outputs = [], {}, [], []
    for field in fields(message):
        if field.number == 1:
            nodes.append(_node(field.content))
        elif field.number == 5:
            name, array = _tensor(field.content)
            arrays[name] = array
        elif field.number in (11, 12):
            name = next((part.text for part in fields(field.content) if part.number == 1), "")
            (inputs if field.number == 11 else outputs).append(name)
    plain = [node for node in nodes if node.op != "Constant"]
    arrays |= {node.outputs[0]: _constant(node) for node in nodes if node.op == "Constant" and node.outputs}
    given = tuple(name for name in inputs if name not in arrays)
    return Graph(source=source, nodes=tuple(plain), arrays=arrays, inputs=given, outputs=tuple(outputs))


def _node(message: memoryview) -> Node:
    inputs, outputs, attributes, op = [], [], {}, ""
    for field in fields(message):
        if field.number == 1:
            inputs.append(field.text)
        elif field.number == 2:
            outputs.append(field.text)
        elif field.number == 4:
            op = field.text
        elif field.number == 5:
            name, value = _attribute(field.content)
            attributes[name] = value
    return Node(op=op, inputs=tuple(inputs), outputs=tuple(outputs), attributes=attributes)


def _attribute(message: memoryview) -> tuple[str, Any]:
    name, value, several = "", None, []
    for field in fields(message):
        if field.number == 1:
            name = field.text
        elif field.number == 2:
            value = float(np.frombuffer(_bytes(field), "<f4")[0])
        elif field.number == 3:
            value = field.whole
        elif field.number == 4:
            value = str(field.content, "utf-8", "replace")
        elif field.number == 5:
            value = _tensor(field.content)[1]
        elif field.number == 8:
            several += _wholes(field)
    return name, tuple(several) if several else value


def _constant(node: Node) -> np.ndarray:
    value = next(iter(node.attributes.values()), None)
    if value is None or isinstance(value, str):
        raise ValueError("a constant without a number")
    return np.asarray(value)


def _tensor(message: memoryview) -> tuple[str, np.ndarray]:
    """TensorProto: its name and numbers, whether they are raw bytes or a list of their own kind."""
    shape: list[int] = []
    kind, name, raw, numbers = 0, "", None, []
    for field in fields(message):
        if field.number == 1:
            shape += _wholes(field)
        elif field.number == 2:
            kind = field.whole
        elif field.number in (4, 10):
            numbers.append(np.frombuffer(_bytes(field), "<f4" if field.number == 4 else "<f8"))
        elif field.number in (5, 7):
            numbers.append(np.array(_wholes(field), np.int64))
        elif field.number == 8:
            name = field.text
        elif field.number == 9:
            raw = field.content
        elif field.number == 14 and field.whole == 1:
            raise ValueError("it keeps its numbers in a file beside it; save it with them inside")
    if kind not in TYPES:
        raise ValueError(f"array {name!r} is of data type {kind}; float16, 32 and 64 and whole numbers are read")
    flat = np.frombuffer(raw, TYPES[kind]) if raw is not None else np.concatenate([np.zeros(0), *numbers])
    if min(shape, default=0) < 0 or math.prod(shape) != flat.size:
        raise ValueError(f"array {name!r} has {flat.size} numbers, not those of the shape {shape}")
    return name, flat.astype(np.dtype(TYPES[kind]).newbyteorder("=")).reshape(shape)


def _wholes(field: Field) -> list[int]:
    return [field.whole] if isinstance(field.value, int) else varints(field.content)


def _bytes(field: Field) -> memoryview:
    if isinstance(field.value, int) or (field.kind == FIXED32 and len(field.value) != 4):
        raise ValueError(f"field {field.number} holds no numbers")
    return field.value
