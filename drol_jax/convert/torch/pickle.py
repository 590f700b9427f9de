"""The restricted machine that PyTorch's pickles run on.

A pickle is a program. Here the names that a state dict needs stand for inert descriptions of tensors. Objects that
training code leaves beside them (arguments, dates, paths, a program's own settings) become an inert `Skipped`: they are
never built, and what the file would set in them is dropped. Any other name is refused, and so is a call of somebody's
own; what stands for a function or a type cannot be called otherwise, altered or subclassed by the file.
"""

import pickle
import pickletools
import sys
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


class Skipped:
    """Stands for an object that is not built: it takes whatever the file puts into it, and keeps none of it."""

    __slots__ = ()
    name = "an object"
    """Module and name of what the file asked for."""

    def __new__(cls, *_: Any, **__: Any) -> "Skipped":
        return object.__new__(cls)

    def __call__(self, *_: Any) -> "Skipped":
        return self

    def __setstate__(self, state: Any) -> None:
        """Keeps nothing."""

    def __setitem__(self, key: Any, value: Any) -> None:
        """Keeps nothing."""

    def append(self, item: Any) -> None:
        """Keeps nothing."""

    def extend(self, items: Any) -> None:
        """Keeps nothing."""

    def add(self, item: Any) -> None:
        """Keeps nothing."""


class _NeverCalled(type):
    """Type of the stand-ins for somebody's own types. A pickle makes an object of a type without calling it; a call may
    be of any function."""

    def __call__(cls, *_: Any, **__: Any) -> Any:
        raise Refused(cls.name)  # pyright: ignore[reportAttributeAccessIssue]


class Refused(Exception):
    """Holds the name that the file asked for."""


UNREAD = {
    "_rebuild_sparse_tensor": "sparse tensors",
    "_rebuild_sparse_csr_tensor": "sparse tensors",
    "_rebuild_qtensor": "quantised tensors",
    "_rebuild_tensor_v3": "tensors of a type that NumPy has not, such as float8",
}
"""PyTorch's functions for tensors that are no plain arrays, and what those are."""


class Unread(Exception):
    """Holds what kind of tensors the file has that are not read."""


NAMES: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): _Mapping,
    ("torch._utils", "_rebuild_tensor"): _Rebuild(),
    ("torch._utils", "_rebuild_tensor_v2"): _Rebuild(),
    ("torch._utils", "_rebuild_parameter"): _Parameter(),
    ("torch", "Size"): tuple,
    ("torch", "device"): Skipped(),
    ("_codecs", "encode"): Skipped(),
    **{("torch", name): _Word(name) for name in (*STORAGES, *DTYPES)},
}


HARMLESS = frozenset(
    {"argparse", "datetime", "pathlib", "collections", "decimal", "fractions", "uuid", "numpy", "types"}
    | {"yacs", "easydict", "addict", "omegaconf", "ml_collections", "munch"}
)
"""Packages of values that snapshots hold beside arrays. Nothing of them is imported, called or built here."""
PLAIN = ("object", "set", "frozenset", "slice", "complex", "range", "bytearray", "list", "dict", "tuple", "int")
"""Builtins that are values; and `copyreg._reconstructor`, by which old pickles make objects."""


def stand_in(module: str, name: str) -> Any:
    """What a name that a file asks for stands for here.

    Raises:
      Refused: it is one that no state dict needs, and may run something.
      Unread: it makes tensors that are no plain arrays.
    """
    if (module, name) in NAMES:
        return NAMES[module, name]
    if module == "torch._utils" and name in UNREAD:
        raise Unread(UNREAD[name])
    root, told = module.partition(".")[0], printable(f"{module}.{name}")
    plain = root in ("builtins", "__builtin__") and name in PLAIN
    if root in HARMLESS or plain or (root in ("copyreg", "copy_reg") and name == "_reconstructor"):
        return type("Skipped", (Skipped,), {"name": told, "__slots__": ()})
    if root in STANDARD or root == "torch":
        raise Refused(told)
    return _NeverCalled("Skipped", (Skipped,), {"name": told, "__slots__": ()})


STANDARD = sys.stdlib_module_names | {"__builtin__", "__main__", "copy_reg", "os", "posix", "nt", "commands"}
"""Modules that come with Python, of version 2 too."""


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return stand_in(module, name)

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
