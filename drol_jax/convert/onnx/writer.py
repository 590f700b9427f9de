"""ONNX files written: a graph put together node by node, and its message."""

import struct
from collections.abc import Mapping, Sequence

import numpy as np

from drol_jax.convert.onnx.wire import BYTES, FIXED32, VARINT

IR_VERSION, OPSET = 7, 14
"""What OpenCV 4.5 and onnxruntime 1.7 read already; HardSwish is an operator from opset 14 on."""
FLOAT, INT64 = 1, 7
"""TensorProto.DataType."""
Value = int | float | Sequence[int]
Shape = Sequence[int | str]
"""Rows of a tensor's shape; a word is one of any size."""


class Builder:
    """A graph as it grows: every method adds a node and gives the name of what it computes."""

    def __init__(self) -> None:
        self.nodes: list[bytes] = []
        self.arrays: dict[str, np.ndarray] = {}

    def constant(self, name: str, array: np.ndarray) -> str:
        """An array that the graph holds, under that name; whole numbers are kept as int64, others as float32."""
        self.arrays[name] = np.asarray(array)
        return name

    def add(self, op: str, *inputs: str, output: str = "", **attributes: Value) -> str:
        """An operator over named values; its one output's name, made up unless given."""
        name = output or f"{op.lower()}_{len(self.nodes)}"
        parts = [text(1, one) for one in inputs]
        parts += [text(2, name), text(3, name), text(4, op)]
        parts += [field(5, _attribute(key, value)) for key, value in attributes.items()]
        self.nodes.append(b"".join(parts))
        return name

    def message(self, name: str, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape], producer: str) -> bytes:
        """The whole file.

        Args:
          name: of the graph.
          inputs, outputs: shapes by name, float32.
          producer: the program that made it, with its version.
        """
        graph = b"".join(
            [
                *(field(1, node) for node in self.nodes),
                text(2, name),
                *(field(5, _tensor(key, array)) for key, array in self.arrays.items()),
                *(field(11, _value(key, shape)) for key, shape in inputs.items()),
                *(field(12, _value(key, shape)) for key, shape in outputs.items()),
            ]
        )
        opset = text(1, "") + number(2, OPSET)
        return number(1, IR_VERSION) + text(2, producer) + field(7, graph) + field(8, opset)


def number(key: int, value: int) -> bytes:
    """A field with a whole number."""
    return _varint(key << 3 | VARINT) + _varint(value)


def text(key: int, words: str) -> bytes:
    """A field with text."""
    return field(key, words.encode())


def field(key: int, content: bytes) -> bytes:
    """A field with bytes, or with another message."""
    return _varint(key << 3 | BYTES) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    value &= 2**64 - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _attribute(name: str, value: Value) -> bytes:
    if isinstance(value, float):
        return text(1, name) + _varint(2 << 3 | FIXED32) + struct.pack("<f", value) + number(20, 1)
    if isinstance(value, int):
        return text(1, name) + number(3, value) + number(20, 2)
    return text(1, name) + b"".join(number(8, one) for one in value) + number(20, 7)


def _tensor(name: str, array: np.ndarray) -> bytes:
    whole = np.issubdtype(array.dtype, np.integer)
    content = np.ascontiguousarray(array, "<i8" if whole else "<f4").tobytes()
    dims = b"".join(number(1, size) for size in array.shape)
    return dims + number(2, INT64 if whole else FLOAT) + text(8, name) + field(9, content)


def _value(name: str, shape: Shape) -> bytes:
    dims = b"".join(field(1, text(2, one) if isinstance(one, str) else number(1, one)) for one in shape)
    return text(1, name) + field(2, field(1, number(1, FLOAT) + field(2, dims)))
