"""Arithmetic of the networks. The online subnet and all geometry stay in float32 whatever is chosen here."""

from typing import Any

import jax
import jax.numpy as jnp

from drol_jax.config import Precision
from drol_jax.nets.layers import FAST_KERNELS

PRODUCTS: dict[Precision, str] = {"float32": "highest", "tf32": "tensorfloat32", "bfloat16": "bfloat16"}
"""`jax.default_matmul_precision` of each."""


def reduced(variables: Any, precision: Precision) -> Any:
    """The weights as a precision wants them: with bfloat16 the convolutions' kernels, in whose type they compute.

    Normalisation and biases stay float32. Kernels that have the type already stay as they are; their fast forms, which
    are float32, are left out, or else the network would compute with them.
    """
    if precision != "bfloat16":
        return variables

    def cast(path, leaf):
        convolves = path[-1].key == "kernel" and leaf.ndim == 4
        return jnp.asarray(leaf, jnp.bfloat16) if convolves else leaf

    rest = {kind: tree for kind, tree in variables.items() if kind != FAST_KERNELS}
    return {**rest, "params": jax.tree_util.tree_map_with_path(cast, variables["params"])}
