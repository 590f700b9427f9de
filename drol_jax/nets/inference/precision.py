"""Arithmetic of the networks. The online subnet and all geometry stay in float32 whatever is chosen here."""

from typing import Any

import jax.numpy as jnp

from drol_jax.config import Precision
from drol_jax.nets.facts import FAST_KERNELS
from drol_jax.system.trees import flatten_dict, unflatten_dict

PRODUCTS: dict[Precision, str] = {"float32": "highest", "tf32": "tensorfloat32", "bfloat16": "bfloat16"}
"""`jax.default_matmul_precision` of each."""


def reduced(variables: Any, precision: Precision) -> Any:
    """The weights as a precision wants them: with bfloat16 the convolutions' kernels and biases, as they compute in it.

    Normalisation stays float32. Kernels that have the type already stay as they are; their fast forms, which are
    float32, are left out, or else the network would compute with them.
    """
    if precision != "bfloat16":
        return variables
    params: dict[tuple[str, ...], Any] = dict(flatten_dict(variables["params"]))

    def convolves(path: tuple[str, ...]) -> bool:
        # A bias in float32 would be cast in every frame: a kernel for each, a third of all that a GPU runs.
        kernel = params.get((*path[:-1], "kernel"))
        return path[-1] in ("kernel", "bias") and kernel is not None and kernel.ndim == 4

    cast = {path: jnp.asarray(leaf, jnp.bfloat16) if convolves(path) else leaf for path, leaf in params.items()}
    rest = {kind: tree for kind, tree in variables.items() if kind != FAST_KERNELS}
    return {**rest, "params": unflatten_dict(cast)}
