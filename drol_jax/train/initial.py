"""The variables that training begins with."""

import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from drol_jax import checkpoint
from drol_jax.checkpoint.variables import listing, mismatches, variable_shapes
from drol_jax.config import ModelConfig
from drol_jax.convert import imagenet
from drol_jax.errors import UserError
from drol_jax.system.trees import flatten_dict, unflatten_dict

ONES = ("scale", "var", "cls_weight", "loc_weight")


def fresh_variables(model: ModelConfig, seed: int) -> Any:
    """Kernels from the normal distribution of He et al. (ICCV 2015), biases 0, norms without effect.

    Drawn with numpy, each array from the seed and its path: no compilation, and the same on every machine.

    Returns:
      {'params', 'batch_stats'}, float32 numpy arrays.
    """
    return unflatten_dict({path: _fresh(path, shape, seed) for path, shape in variable_shapes(model).items()}, sep="/")


CLASSIFIERS = (".pt", ".pth")
"""Ends of the names of files that image classifiers come in."""


def with_backbone(variables: Any, place: str, model: ModelConfig) -> Any:
    """The variables with the backbone of other weights, whose head may be of any kind.

    Args:
      variables: {'params', 'batch_stats'}.
      place: as of `checkpoint.resolve`; or a PyTorch file of an image classifier (`convert.imagenet`).
      model: the variables' network.

    Raises:
      UserError: no such weights, or another backbone.
    """
    if Path(place).suffix in CLASSIFIERS:
        return unflatten_dict({**_flat(variables), **imagenet.backbone(place, model)}, sep="/")
    path = checkpoint.resolve(place)
    theirs, ours = _flat(checkpoint.load(path, checkpoint.network(path)).variables), _flat(variables)
    found, wanted = ({key: array for key, array in of.items() if "/backbone/" in key} for of in (theirs, ours))
    shapes = ({key: np.shape(array) for key, array in of.items()} for of in (found, wanted))
    if wrong := listing(mismatches(*shapes)):
        raise UserError(f"the backbone of {path} is another: {wrong}; name weights of the same backbone and width")
    return unflatten_dict({**ours, **found}, sep="/")


def _flat(variables: Any) -> dict[str, Any]:
    return flatten_dict(variables, sep="/")


def _fresh(path: str, shape: tuple[int, ...], seed: int) -> np.ndarray:
    name = path.rsplit("/", 1)[-1]
    if name != "kernel":
        return np.full(shape, name in ONES, np.float32)
    draws = np.random.default_rng([seed, zlib.crc32(path.encode())])
    return draws.normal(0, math.sqrt(2 / math.prod(shape[:-1])), shape).astype(np.float32)
