"""Network variables as plain trees: what a network needs, whether a tree fits it, and a name for its numbers."""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from drol_jax.config import ModelConfig
from drol_jax.nets.inference.survey import survey
from drol_jax.system.trees import flatten_dict

Shape = tuple[int, ...]


def variable_shapes(model: ModelConfig) -> Mapping[str, Shape]:
    """Path ("params/backbone/conv1/kernel") and shape of every array of the network, sorted; all are float32."""
    return {"/".join(path): shape for path, shape in survey(model).shapes.items()}


def weights_hash(variables: Any) -> str:
    """SHA-256 over path, shape and little-endian float32 numbers of every array, in the order of the paths."""
    digest = hashlib.sha256()
    for path, array in sorted(flatten_dict(variables, sep="/").items()):
        array = np.ascontiguousarray(array, "<f4")
        digest.update(f"{path} {array.shape}\n".encode())
        digest.update(array.data)  # Not its bytes, which would be a copy.
    return digest.hexdigest()


def mismatches(found: Mapping[str, Shape], wanted: Mapping[str, Shape]) -> dict[str, list[str]]:
    """Arrays that are missing, extra or misshapen, each with its shapes; compared both ways."""
    return {
        "missing": [f"{name} {list(shape)}" for name, shape in wanted.items() if name not in found],
        "extra": [f"{name} {list(shape)}" for name, shape in found.items() if name not in wanted],
        "misshapen": [
            f"{name} is {list(found[name])}, wanted {list(shape)}"
            for name, shape in wanted.items()
            if name in found and tuple(found[name]) != tuple(shape)
        ],
    }


def listing(kinds: Mapping[str, list[str]]) -> str:
    """Complaints by kind as one line that names every array; empty where there are none."""
    return "; ".join(f"{kind} ({len(names)}): {', '.join(names)}" for kind, names in kinds.items() if names)
