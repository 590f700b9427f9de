"""A state dict as the zip that PyTorch 1.6 and newer read, written without PyTorch.

The pickle is put together from its few opcodes by hand: naming PyTorch's classes through `pickle` would need them.
"""

import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

PROTOCOL = b"\x80\x02"
REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"
FLOAT_STORAGE = b"ctorch\nFloatStorage\n"
NO_HOOKS = b"ccollections\nOrderedDict\n)R"
FOLDER = "archive"
TIME = (1980, 1, 1, 0, 0, 0)
"""Time of the zip's members, so that the same arrays give the same file."""


def write_state_dict(path: Path, shapes: Mapping[str, tuple[int, ...]], array: Callable[[str], np.ndarray]) -> None:
    """Write float32 arrays so that `torch.load` gives {name: tensor}.

    Args:
      path: the file.
      shapes: of every array by name, in the order of the file.
      array: name -> float32 array of that shape; asked for one at a time.

    Raises:
      OSError: the file cannot be written.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:

        def member(name: str, content: bytes) -> None:
            archive.writestr(zipfile.ZipInfo(f"{FOLDER}/{name}", TIME), content)

        member("data.pkl", _pickle(shapes))
        member("byteorder", b"little")
        for i, (name, shape) in enumerate(shapes.items()):
            numbers = np.ascontiguousarray(array(name), "<f4")
            assert numbers.shape == shape, name
            member(f"data/{i}", numbers.tobytes())
        member("version", b"3\n")


def _pickle(shapes: Mapping[str, tuple[int, ...]], first: int = 0) -> bytes:
    """The pickle of a state dict, whose storages are called by their number from `first` on."""
    data = PROTOCOL + b"}("
    for i, (name, shape) in enumerate(shapes.items(), first):
        count = int(np.prod(shape))
        storage = b"(" + _text("storage") + FLOAT_STORAGE + _text(str(i)) + _text("cpu") + _whole(count) + b"tQ"
        strides = tuple(int(np.prod(shape[k + 1 :])) for k in range(len(shape)))
        data += _text(name) + REBUILD + b"(" + storage + _whole(0) + _tuple(shape) + _tuple(strides)
        data += b"\x89" + NO_HOOKS + b"tR"
    return data + b"u."


def _text(value: str) -> bytes:
    encoded = value.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def _whole(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def _tuple(values: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(map(_whole, values)) + b"t"
