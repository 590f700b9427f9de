"""Protocol buffers as bytes: the fields of a message, without a schema.

An ONNX file is one such message. Four kinds of fields and the few numbers of `onnx/graph.py` are all that reading it
takes; the package `onnx`, a compiled library of 40 MB, is asked for only where files are written.

Source: the encoding at protobuf.dev (varint, 64-bit, length-delimited, 32-bit).
"""

from collections.abc import Iterator
from typing import NamedTuple

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
WIDTHS = {FIXED64: 8, FIXED32: 4}
LONGEST = 10
"""Bytes of the longest whole number."""


class Field(NamedTuple):
    """One field: its number, its kind on the wire, and an int (VARINT) or the bytes themselves."""

    number: int
    kind: int
    value: int | memoryview

    @property
    def whole(self) -> int:
        """The value as a signed whole number.

        Raises:
          ValueError: it is of another kind.
        """
        if not isinstance(self.value, int):
            raise ValueError(f"field {self.number} is no number")
        return self.value - 2**64 if self.value >= 2**63 else self.value

    @property
    def content(self) -> memoryview:
        """The value as bytes.

        Raises:
          ValueError: it is of another kind.
        """
        if isinstance(self.value, int) or self.kind != BYTES:
            raise ValueError(f"field {self.number} holds no bytes")
        return self.value

    @property
    def text(self) -> str:
        """The value as text.

        Raises:
          ValueError: it is of another kind, or no UTF-8.
        """
        return str(self.content, "utf-8")


def fields(message: memoryview) -> Iterator[Field]:
    """The fields of a message, in its order; values are views into it, so that nothing is copied.

    Raises:
      ValueError: it is no message, or ends within a field.
    """
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = _varint(message, at)
            yield Field(number, kind, value)
            continue
        if kind == BYTES:
            width, at = _varint(message, at)
        elif kind in WIDTHS:
            width = WIDTHS[kind]
        else:
            raise ValueError(f"a field of the unknown kind {kind}")
        if number == 0 or at + width > len(message):
            raise ValueError("it ends within a field")
        yield Field(number, kind, message[at : at + width])
        at += width


def varints(packed: memoryview) -> list[int]:
    """The signed whole numbers of a packed field.

    Raises:
      ValueError: it ends within one.
    """
    found, at = [], 0
    while at < len(packed):
        value, at = _varint(packed, at)
        found.append(value - 2**64 if value >= 2**63 else value)
    return found


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for i in range(LONGEST):
        if at + i >= len(message):
            raise ValueError("it ends within a number")
        byte = message[at + i]
        value |= (byte & 127) << (7 * i)
        if byte < 128:
            return value & (2**64 - 1), at + i + 1
    raise ValueError("a number without end")
