"""The restricted machine that PyTorch's pickles run on.

A pickle is a program. Here the names that a state dict needs stand for inert descriptions of tensors, any other name
is refused, and what stands for a function or a type cannot be called otherwise, altered or subclassed by the file.
"""

import pickle
import pickletools
from typing import Any, BinaryIO, NamedTuple

BFLOAT16 = "bfloat16"
"""A name only: numpy has no such type. Read as its 16 bits, which are the upper half of a float32."""

STORAGES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": BFLOAT16,
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
}
DTYPES = (*STORAGES.values(), "double", "float", "half", "long", "int", "short")


class _Word(NamedTuple):
    text: str
    """A storage or number type: only a name, which cannot be called."""


class Storage(NamedTuple):
    """Numbers somewhere in the file: `length` of them from number `start` of storage `key`."""

    key: str
    kind: str
    start: int
    length: int
    whole: int
    """Numbers in the whole storage."""


class Tensor(NamedTuple):
    storage: Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


class _Mapping(dict):
    """Stands for OrderedDict."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        """Drops the attributes that PyTorch hangs on a state dict."""


class _Rebuild:
    """PyTorch's functions that make a tensor of a storage. Without a `__dict__`, no pickle can alter it."""

    __slots__ = ()

    def __call__(self, storage: Any, offset: Any, size: Any, stride: Any, *_: Any) -> Tensor:
        numbers = [offset, *size, *stride]
        if not isinstance(storage, Storage) or len(size) != len(stride) or any(type(n) is not int for n in numbers):
            raise pickle.UnpicklingError("a tensor is described wrongly")
        return Tensor(storage, offset, tuple(size), tuple(stride))


class _Parameter:
    """A trainable tensor is a tensor."""

    __slots__ = ()

    def __call__(self, tensor: Any, *_: Any) -> Any:
        return tensor


class _Ignored:
    """Stands for what makes numpy's numbers, such as a training snapshot's learning rates; makes only itself."""

    __slots__ = ()

    def __call__(self, *_: Any) -> "_Ignored":
        return self

    def __setstate__(self, state: Any) -> None:
        """Keeps nothing."""


class Refused(Exception):
    """Holds the name that the file asked for."""


NAMES: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): _Mapping,
    ("torch._utils", "_rebuild_tensor"): _Rebuild(),
    ("torch._utils", "_rebuild_tensor_v2"): _Rebuild(),
    ("torch._utils", "_rebuild_parameter"): _Parameter(),
    ("torch", "Size"): tuple,
    ("numpy", "dtype"): _Ignored(),
    ("numpy.core.multiarray", "scalar"): _Ignored(),
    ("numpy._core.multiarray", "scalar"): _Ignored(),
    ("_codecs", "encode"): _Ignored(),
    **{("torch", name): _Word(name) for name in (*STORAGES, *DTYPES)},
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return NAMES[module, name]
        except KeyError:
            raise Refused(printable(f"{module}.{name}")) from None

    def persistent_load(self, pid: Any) -> Storage:
        if not isinstance(pid, tuple) or len(pid) not in (5, 6) or pid[0] != "storage":
            raise pickle.UnpicklingError("a storage is described wrongly")
        _, kind, key, _, count = pid[:5]
        if not isinstance(kind, _Word) or kind.text not in STORAGES or type(count) is not int or count < 0:
            raise pickle.UnpicklingError("a storage is described wrongly")
        start, whole = 0, count
        if len(pid) == 6 and pid[5] is not None:
            _, start, count = pid[5]
        if type(start) is not int or type(count) is not int or not 0 <= start <= start + count <= whole:
            raise pickle.UnpicklingError("a view leaves its storage")
        return Storage(str(key), STORAGES[kind.text], start, count, whole)


def load(stream: BinaryIO) -> Any:
    """The next pickle of the stream, with `Tensor` and `Storage` for tensors and storages.

    Raises:
      Refused: it asks for a name that no state dict needs.
      Exception: of any kind, where it is damaged or hostile.
    """
    start = stream.tell()
    end = stream.seek(0, 2)
    stream.seek(start)
    for opcode, argument, _ in pickletools.genops(stream):
        # The memo is an array: a few bytes could ask for a place in it beyond all memory.
        if "PUT" in opcode.name and int(argument or 0) > end:
            raise pickle.UnpicklingError("its memo is too large")
    stream.seek(start)
    return _Unpickler(stream).load()


def printable(text: str) -> str:
    """Text from a file as one short line that cannot steer a terminal."""
    return ascii(text)[1:-1][:200]
