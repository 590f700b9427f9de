"""Files inside packages: wheels (zip), npm's tarballs, Debian's packages, and Qt's resource files in any of them."""

import io
import struct
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from drol_jax.errors import UserError

RESOURCE = ".rcc"
_COMPRESSED, _FOLDER, _ZSTD = 1, 2, 4


def members(path: Path) -> Iterator[tuple[str, bytes]]:
    """(name, content) of every file of a package; those of a resource file are NAME.rcc/PATH.

    Raises:
      UserError: it is none of these, is damaged, or there is no dpkg-deb for a Debian package.
    """
    try:
        for name, content in _plain(path):
            if name.endswith(RESOURCE):
                yield from ((f"{name}/{inner}", data) for inner, data in resources(content))
            else:
                yield name, content
    except (OSError, EOFError, zipfile.BadZipFile, tarfile.TarError, struct.error, zlib.error, ValueError) as error:
        raise UserError(f"{path} cannot be unpacked ({error}); delete it and download it again") from error


def _plain(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(path) as archive:
            yield from ((info.filename, archive.read(info)) for info in archive.infolist() if not info.is_dir())
        return
    packed = io.BytesIO(_debian(path) if path.suffix == ".deb" else path.read_bytes())
    with tarfile.open(fileobj=packed) as archive:
        for info in archive:
            file = archive.extractfile(info) if info.isfile() else None
            if file is not None:
                yield info.name.removeprefix("./"), file.read()


def _debian(path: Path) -> bytes:
    """The tarball of the files that a Debian package installs."""
    try:
        return subprocess.run(["dpkg-deb", "--fsys-tarfile", str(path)], check=True, capture_output=True).stdout
    except FileNotFoundError as error:
        raise UserError(f"{path} needs dpkg-deb to be unpacked, which is not installed (Debian: dpkg)") from error
    except subprocess.CalledProcessError as error:
        raise UserError(f"{path} is damaged ({error.stderr.decode(errors='replace').strip()})") from error


def resources(content: bytes) -> Iterator[tuple[str, bytes]]:
    """(path, content) of every file of a Qt resource file (format versions 1 to 3); compressed by zlib or not at all.

    Raises:
      struct.error, ValueError: it is none.
    """
    magic, version, tree, data, names = struct.unpack_from(">4s4I", content)
    if magic != b"qres":
        raise ValueError("no Qt resource file")
    size = 14 if version == 1 else 22

    def name_at(offset: int) -> str:
        (length,) = struct.unpack_from(">H", content, names + offset)
        start = names + offset + 6
        return content[start : start + 2 * length].decode("utf-16-be")

    def walk(node: int, folder: str, depth: int = 0) -> Iterator[tuple[str, bytes]]:
        start = tree + size * node
        name, flags, count, first = struct.unpack_from(">IHII", content, start)
        path = "/".join(filter(None, (folder, name_at(name) if node else "")))
        if flags & _FOLDER:
            if depth > 64 or first <= node:
                raise ValueError("a folder holds itself")
            for child in range(first, first + count):
                yield from walk(child, path, depth + 1)
            return
        (place,) = struct.unpack_from(">I", content, start + 10)
        (length,) = struct.unpack_from(">I", content, data + place)
        inner = content[data + place + 4 : data + place + 4 + length]
        if flags & _ZSTD:
            return
        yield path, zlib.decompress(inner[4:]) if flags & _COMPRESSED else inner

    yield from walk(0, "")
