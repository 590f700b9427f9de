"""Bytes that a video file lacks at least, told by the lengths in its own header."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

SEGMENT = b"\x18\x53\x80\x67"
"""Of Matroska: the element that holds everything behind the header."""


def missing_bytes(path: Path) -> int:
    """How much shorter a file is than its header says, as after a download that stopped.

    Args:
      path: MP4 and MOV, Matroska and WebM, AVI are known.

    Returns:
      Bytes, at least; 0 where none are missing or the format does not tell.

    Raises:
      OSError: it cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(12)
        formats: list[tuple[bool, Callable[[BinaryIO, int], int]]] = [
            (start[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"), _boxes_end),
            (start[:4] == b"\x1a\x45\xdf\xa3", _segment_end),
            (start[:4] == b"RIFF", _riff_end),
        ]
        end = next((find(file, size) for known, find in formats if known), size)
    return max(end - size, 0)


def _boxes_end(file: BinaryIO, size: int) -> int:
    """Where the last of the boxes that follow one another ends."""
    at = 0
    while at + 8 <= size:
        file.seek(at)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length < 8:  # 0 reaches to the end of the file, whatever that is; less is no box
            return size
        at += length
    return max(at, size)


def _segment_end(file: BinaryIO, size: int) -> int:
    """Where the first segment ends. Its length is unknown, all ones, where a recorder was stopped or still runs."""
    at = 0
    while at + 12 <= size:
        file.seek(at)
        head = file.read(16)
        names = _width(head[0])
        if names is None or (width := _width(head[names])) is None:
            return size
        bits = 7 * width
        length = int.from_bytes(head[names : names + width], "big") & ((1 << bits) - 1)
        if length == (1 << bits) - 1:
            return size
        at += names + width + length
        if head[:names] == SEGMENT:
            return at
    return size


def _riff_end(file: BinaryIO, size: int) -> int:
    """Where the first chunk ends; 0 in its length is what a recorder leaves that was stopped."""
    file.seek(4, os.SEEK_SET)
    length = int.from_bytes(file.read(4), "little")
    return 8 + length if length else size


def _width(first: int) -> int | None:
    """Bytes of a number that Matroska writes in as many as it needs: as many as zeros lead, and one."""
    return 9 - first.bit_length() if first else None
