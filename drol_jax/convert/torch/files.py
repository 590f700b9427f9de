"""PyTorch checkpoints as numpy arrays, without PyTorch and without running anything that the file says.

A checkpoint is a pickle, which `torch_pickle` turns into descriptions of tensors; the tensors are cut from the raw
storages afterwards, inside checked bounds.

Two formats: the zip of PyTorch 1.6 and newer, and the stream of pickles and raw storages of PyTorch 0.4 to 1.5.
"""

import io
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from drol_jax.convert.torch.kinds import kind_of
from drol_jax.convert.torch.networks import network_of
from drol_jax.convert.torch.pickle import BFLOAT16, Refused, Storage, Tensor, Unread, load, printable
from drol_jax.errors import UserError
from drol_jax.system import reading

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_PROTOCOL = 1001
_PICKLED = "torch.storage._load_from_bytes"
"""What PyTorch's tensors ask for in a file of Python's own pickle."""
_FOREIGN = "it does not begin as torch.save's"


def read_state_dict(path: str | Path, part: str | None = None) -> dict[str, np.ndarray]:
    """The arrays of a checkpoint by name, wrappers and prefixes taken off (`networks`).

    Args:
      path: a file that `torch.save` wrote, zip or older; a state dict, or dictionaries around one.
      part: which one, where there are several.

    Returns:
      Arrays of the file's own types (bfloat16 as float32), in the file's order.

    Raises:
      UserError: unreadable, damaged, a file of another kind, no state dict or several, or a pickle that asks for what
        may run something; nothing is run.
    """
    path = Path(path)
    try:
        reading.regular(path)
        file = path.open("rb")
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); check the path") from error
    try:
        # A file on disk, not its content: one tensor at a time is in memory beside the arrays.
        with file:
            if kind := kind_of(file):
                raise UserError(f"{path} is {kind}")
            file.seek(0)
            tree, bytes_of = (_read_zip if file.peek(4)[:4] == b"PK\x03\x04" else _read_legacy)(file)
            return _arrays(network_of(tree, part, str(path)), bytes_of, path.stat().st_size)
    except Refused as error:
        raise UserError(f"{path} {_refusal(str(error))}") from None
    except Unread as error:
        raise UserError(
            f"{path} holds {error}, which are not read; save the state_dict() of the network before it is quantised or "
            "made sparse"
        ) from None
    except UserError:
        raise
    except Exception as error:  # A hostile pickle can raise anything; all of it means this.
        reason = printable(str(error)) or type(error).__name__
        raise UserError(f"{path} is damaged or no PyTorch checkpoint ({reason}); download or save it again") from error


def _refusal(name: str) -> str:
    """What a file is that asks for a name that no state dict needs, in words that follow its own."""
    if name in (_PICKLED, _FOREIGN):
        return (
            f"is a pickle that torch.save has not written ({name}); save the PyTorch model's state_dict() with "
            "torch.save and convert that"
        )
    if name.startswith(("torch.nn.", "__main__.")):
        return (
            f"holds a whole object ({name}), which only its own code could build, and none is run here; save "
            "model.state_dict() with torch.save"
        )
    return (
        f"asks for {name}, which a state dict does not need: refused, nothing was run; "
        "save the model's state_dict() alone, and distrust the file"
    )


def _read_zip(file: BinaryIO) -> tuple[Any, Callable[[Storage], bytes]]:
    archive = zipfile.ZipFile(file)
    pickles = [name for name in archive.namelist() if name.endswith("/data.pkl") and name.count("/") == 1]
    if len(pickles) != 1:
        raise ValueError("the zip has no data.pkl")
    folder = pickles[0].removesuffix("data.pkl")

    def member(name: str) -> bytes:
        # PyTorch stores without compression; anything else could unpack to any size.
        if archive.getinfo(folder + name).compress_type != zipfile.ZIP_STORED:
            raise ValueError(f"{name} is compressed")
        return archive.read(folder + name)

    if f"{folder}byteorder" in archive.namelist() and member("byteorder") != b"little":
        raise ValueError("written on a big-endian machine")
    tree = load(io.BytesIO(member("data.pkl")))
    return tree, lambda storage: member(f"data/{storage.key}")


def _read_legacy(file: BinaryIO) -> tuple[Any, Callable[[Storage], bytes]]:
    if load(file) != LEGACY_MAGIC:
        raise Refused(_FOREIGN)
    if load(file) != LEGACY_PROTOCOL:
        raise ValueError("it does not begin as one")
    if load(file).get("little_endian") is not True:
        raise ValueError("written on a big-endian machine")
    tree = load(file)
    kinds = {storage.key: storage.kind for storage in _storages(tree)}
    places: dict[str, tuple[int, int]] = {}
    keys, here = list(map(str, load(file))), file.tell()
    end = file.seek(0, io.SEEK_END)
    for key in keys:
        file.seek(here)
        (count,) = struct.unpack("<q", file.read(8))
        size = count * _raw_type(kinds[key]).itemsize
        if not 0 <= size <= end - here - 8:
            raise ValueError("it ends too soon")
        places[key] = (here + 8, size)
        here += 8 + size

    def chunk(storage: Storage) -> bytes:
        place, size = places[storage.key]
        file.seek(place)
        return file.read(size)

    return tree, chunk


def _storages(tree: Any) -> Iterator[Storage]:
    pending, seen = [tree], set()
    while pending:
        item = pending.pop()
        if isinstance(item, Storage):
            yield item
        elif isinstance(item, dict | list | tuple) and id(item) not in seen:
            seen.add(id(item))
            pending += item.values() if isinstance(item, dict) else item


def _arrays(state: dict[str, Tensor], bytes_of: Callable[[Storage], bytes], size: int) -> dict[str, np.ndarray]:
    # Tensors may share a storage, but thousands that do could ask for any size.
    if sum(int(np.prod(t.size, dtype=object)) * _raw_type(t.storage.kind).itemsize for t in state.values()) > 2 * size:
        raise ValueError("its tensors are larger than the file")
    return {name: _array(tensor, bytes_of(tensor.storage), name) for name, tensor in state.items()}


def _array(tensor: Tensor, content: bytes, name: str) -> np.ndarray:
    storage, offset, size, stride = tensor
    dtype = _raw_type(storage.kind)
    if min((offset, *size, *stride)) < 0 or len(content) < storage.whole * dtype.itemsize:
        raise ValueError(f"{name} leaves its storage")
    count = int(np.prod(size, dtype=object)) if size else 1
    last = offset + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
    # A tensor larger than its storage repeats numbers: no weight does, and a few bytes could ask for any size.
    if count and (last >= storage.length or count > storage.length):
        raise ValueError(f"{name} leaves its storage")
    if not count:
        return np.zeros(size, np.float32 if storage.kind == BFLOAT16 else dtype)
    numbers = np.frombuffer(content, dtype, count=storage.whole)[storage.start + offset :]
    steps = tuple(s * dtype.itemsize for s in stride)
    array = np.lib.stride_tricks.as_strided(numbers, size, steps, writeable=False).copy()
    return (array.astype("<u4") << 16).view("<f4") if storage.kind == BFLOAT16 else array


def _raw_type(kind: str) -> np.dtype:
    return np.dtype("<u2") if kind == BFLOAT16 else np.dtype(kind).newbyteorder("<")
