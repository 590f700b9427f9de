"""What a file is that is no PyTorch checkpoint, told from its first bytes: what people save by mistake, or mean."""

import io
import re
import tarfile
import zipfile
from typing import BinaryIO

from drol_jax.system import reading

CONVERT = "save the PyTorch model's state_dict() with torch.save and convert that"
MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"MATLAB 5.0 MAT-file", "a MATLAB file: drol-jax convert siamfc reads the SiamFC release's"),
    (0, b"\x89HDF\r\n\x1a\n", f"an HDF5 file (Keras, MATLAB 7.3); {CONVERT}"),
    (0, b"\x1f\x8b", "compressed with gzip: unpack it (gunzip, tar -xzf) and give what is inside"),
    (0, b"BZh", "compressed with bzip2: unpack it (bunzip2) and give what is inside"),
    (0, b"\xfd7zXZ\x00", "compressed with xz: unpack it (unxz) and give what is inside"),
    (0, b"\x28\xb5\x2f\xfd", "compressed with zstd: unpack it (unzstd) and give what is inside"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it and give the checkpoint inside"),
    (0, b"Rar!", "a RAR archive: unpack it and give the checkpoint inside"),
    (4, b"TFL3", f"a TensorFlow Lite model; {CONVERT}"),
    (0, b"GGUF", f"a GGUF file; {CONVERT}"),
    (0, b"7767517\n", f"a network of ncnn (.param); {CONVERT}"),
    (0, b"%PDF-", "a PDF document; give the .pth file"),
    (0, b"\x89PNG\r\n", "a PNG image; give the .pth file"),
    (0, b"\xff\xd8\xff", "a JPEG image; give the .pth file"),
    (0, b"\x93NUMPY", f"an array of NumPy (.npy); {CONVERT}"),
)
"""Place, bytes, and what a file with them there is."""
_ONNX = [bytes([field << 3 | (0 if field == 5 else 2)]) for field in (2, 3, 4, 5, 6, 7, 8, 14, 20, 25)]
"""With which bytes the second field of an ONNX model may begin, behind the version of its form (protocol buffers)."""
_KEY = re.compile(r"[A-Za-z_][\w.-]*:(\s|$)")
"""How a line of YAML begins, and a server's "404: Not Found" does not."""


def kind_of(file: BinaryIO) -> str | None:
    """What a file is, in words that follow its name and "is"; None where it may be a checkpoint, whole or damaged.

    Args:
      file: open for reading; read from its start.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    head = file.read(4096)
    if size == 0:
        return "empty: the download stopped before it began; download it again"
    for place, magic, words in MAGIC:
        if head[place : place + len(magic)] == magic:
            return words
    if head.startswith(b"PK\x03\x04"):
        return _archive(file)
    if head[257:262] == b"ustar":
        return _tape(file)
    if _safetensors(head, size):
        return "a safetensors file; load takes those that drol-jax convert wrote, and a checkpoint of PyTorch converts"
    if head[:1] == b"\x08" and head[1:2] < b"\x20" and head[2:3] in _ONNX:
        return f"an ONNX model: drol-jax convert onnx BACKBONE HEAD reads NanoTrack's pair; of others {CONVERT}"
    return _text(head)


def _archive(file: BinaryIO) -> str | None:
    try:
        names = zipfile.ZipFile(file).namelist()
    except (zipfile.BadZipFile, ValueError, OSError):
        return None
    if any(name.endswith("/constants.pkl") for name in names):
        return f"a TorchScript program (torch.jit.save); {CONVERT}"
    if any(name.endswith("data.pkl") for name in names):
        return None
    if names and all(name.endswith(".npy") for name in names):
        return f"an archive of NumPy arrays (.npz); {CONVERT}"
    return f"a zip archive ({_some(names)}): unpack it and give the checkpoint inside"


def _tape(file: BinaryIO) -> str:
    file.seek(0)
    try:
        with tarfile.open(fileobj=file) as archive:
            names = archive.getnames()
    except (tarfile.TarError, OSError, ValueError):
        names = []
    if {"storages", "tensors", "pickle"} <= set(names):
        return "a checkpoint of PyTorch before 0.1.10, which is a tar archive; load it in PyTorch and save it again"
    return f"a tar archive ({_some(names)}): unpack it (tar -xf) and give the checkpoint inside"


def _some(names: list[str]) -> str:
    shown = ", ".join(ascii(name)[1:-1][:60] for name in names[:3])
    return (shown or "nothing in it") + (", ..." if len(names) > 3 else "")


def _safetensors(head: bytes, size: int) -> bool:
    length = int.from_bytes(head[:8], "little")
    return head[8:9] == b"{" and 2 <= length <= size - 8


def _text(head: bytes) -> str | None:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith(reading.LFS):
        return (
            "a Git LFS pointer: three lines in place of the file, as clones and archives without LFS have them; "
            "git lfs pull, or download the file itself"
        )
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<script")):
        title = _between(head, b"<title>", b"</title>")
        return (
            f"a web page{f' ({title})' if title else ''} saved in place of the file; open the address in a browser "
            "and download the file itself"
        )
    if start.startswith(b"<"):
        return "an XML document, such as a server's refusal, saved in place of the file; download it again"
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:  # else the cut went through a letter
            return None
        text = head[: error.start].decode("utf-8")
    if len(text.strip()) < 8 or not all(letter.isprintable() or letter in "\t\r\n" for letter in text):
        return None
    first = next(line.strip() for line in text.splitlines() if line.strip())
    if start.startswith((b"{", b"[")):
        return "JSON text, no checkpoint; give the .pth file"
    if _KEY.match(first):
        return f"text, by the look of it YAML ({first[:60]!r}): a configuration goes to --config; give the .pth file"
    return f"text ({first[:60]!r}), no checkpoint; download the file itself"


def _between(data: bytes, start: bytes, end: bytes) -> str:
    low = data.lower()
    at = low.find(start)
    if at < 0:
        return ""
    words = data[at + len(start) : low.find(end, at)].decode("utf-8", "replace")
    return " ".join(ascii(words)[1:-1].split())[:60]
