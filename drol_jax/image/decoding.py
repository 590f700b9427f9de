"""Decoding image files, whole or not at all."""

from pathlib import Path

import numpy as np

from drol_jax.errors import UserError
from drol_jax.system import reading
from drol_jax.system.opencv import cv2

_MOST = 2**30  # bytes of an image file


def decoded(source: Path | str) -> np.ndarray:
    """Decode an image file: RGB [H, W, 3] of the file's own depth. Raises as `read` does."""
    try:
        data = reading.content(Path(source), _MOST)
    except FileNotFoundError:
        raise UserError(f"{source}: image missing; unpack the sequence again or mend the path") from None
    except OSError as error:
        raise UserError(f"{source}: image cannot be read ({error.strerror}); check the file") from None
    if _cut_short(data):
        raise UserError(f"{source}: image file is cut short ({len(data)} bytes); copy or unpack it again")
    if data.startswith((b"II*\0", b"MM\0*")):  # asked for colours, OpenCV complains of TIFF of float or 32 bits
        grey = _image(data, cv2.IMREAD_UNCHANGED)
        if grey is not None and grey.ndim == 2 and grey.dtype not in (np.uint8, np.uint16):
            return np.repeat(grey[:, :, None], 3, axis=2)
    image = _image(data, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None and (instead := _instead(data)):
        raise UserError(f"{source}: {instead} in place of an image; fetch the image itself")
    if image is None or image.ndim != 3 or image.shape[2] != 3:
        raise UserError(f"{source}: not an image OpenCV can decode ({len(data)} bytes); copy or unpack it again")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _instead(data: bytes) -> str:
    """What stands in a file in place of an image, in words; empty where that cannot be told."""
    if data.startswith(reading.LFS):
        return "a Git LFS pointer"
    if data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html", b"<head")):
        return "a web page"
    return "" if data.strip(b"\0") else "nothing (an empty file, or zeros alone)"


def _image(data: bytes, flags: int) -> np.ndarray | None:
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None
    except cv2.error:
        return None


def _cut_short(data: bytes) -> bool:
    """Whether a JPEG lacks its end-of-image marker or a PNG its IEND chunk: OpenCV fills what is missing with grey."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return b"IEND\xaeB`\x82" not in data  # with its checksum; anything may follow
    if not data.startswith(b"\xff\xd8"):
        return False
    # Skip the header segments by their lengths: an embedded thumbnail has an end marker of its own.
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        at += 1 if data[at + 1] == 0xFF else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return b"\xff\xd9" not in data[at:]
