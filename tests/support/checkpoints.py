"""PyTorch checkpoints as training code leaves them, written without PyTorch."""

import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from drol_jax.convert.torch import writer


class Arrays(dict):
    """A state dict: arrays by name."""


def write_checkpoint(path: Path, tree: Any) -> Path:
    """Write a tree of dictionaries with `Arrays` as its state dicts; anything else is pickled as it is."""
    found: list[np.ndarray] = []
    data = b"\x80\x02" + _of(tree, found) + b"."
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", data)
        for key, array in enumerate(found):
            archive.writestr(f"archive/data/{key}", array.astype("<f4").tobytes())
    return path


def _of(tree: Any, found: list[np.ndarray]) -> bytes:
    if isinstance(tree, Arrays):
        first = len(found)
        found.extend(np.asarray(array, np.float32) for array in tree.values())
        shapes = {name: array.shape for name, array in zip(tree, found[first:], strict=True)}
        return writer._pickle(shapes, first)[2:-1]
    if isinstance(tree, dict):
        items = b"".join(writer._text(key) + _of(value, found) for key, value in tree.items())
        return b"}(" + items + b"u"
    return pickle.dumps(tree, 2)[2:-1]
