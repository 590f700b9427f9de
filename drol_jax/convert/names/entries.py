"""The entries of a table of arrays: PySOT's name, our path, the layout; and an array from one layout to the other."""

from typing import Literal, NamedTuple

import numpy as np

Layout = Literal["colour_kernel", "kernel", "transposed_kernel", "matrix", "vector"]
AXES = {
    "colour_kernel": (2, 3, 1, 0),
    "kernel": (2, 3, 1, 0),
    "transposed_kernel": (2, 3, 0, 1),
    "matrix": (1, 0),
}
"""Where our axes lie in PySOT's array."""


class Entry(NamedTuple):
    """One array: its name in PySOT's state dict, its path in our variables, its layout there."""

    source: str
    path: str
    layout: Layout


NORM_LEAVES = (
    ("weight", "params", "scale"),
    ("bias", "params", "bias"),
    ("running_mean", "batch_stats", "mean"),
    ("running_var", "batch_stats", "var"),
)


def convolution(source: str, path: str, bias: bool, layout: Layout = "kernel") -> list[Entry]:
    """A layer's kernel, and its bias where it has one."""
    entries = [Entry(f"{source}.weight", f"params/{path}/kernel", layout)]
    return entries + [Entry(f"{source}.bias", f"params/{path}/bias", "vector")] * bias


def norm(source: str, path: str) -> list[Entry]:
    """A normalisation's four vectors."""
    return [Entry(f"{source}.{name}", f"{kind}/{path}/{leaf}", "vector") for name, kind, leaf in NORM_LEAVES]


def to_ours(array: np.ndarray, layout: Layout) -> np.ndarray:
    """PySOT's array as ours, another copy."""
    if layout == "vector":
        return np.array(array)
    if layout == "colour_kernel":
        array = array[:, ::-1]
    return np.ascontiguousarray(array.transpose(AXES[layout]))


def to_source(array: np.ndarray, layout: Layout) -> np.ndarray:
    """Our array as PySOT's."""
    if layout == "vector":
        return np.ascontiguousarray(array)
    array = array.transpose(np.argsort(AXES[layout]))
    return np.ascontiguousarray(array[:, ::-1] if layout == "colour_kernel" else array)


def source_shape(shape: tuple[int, ...], layout: Layout) -> tuple[int, ...]:
    """The shape that PySOT's array has, from ours."""
    return shape if layout == "vector" else tuple(shape[i] for i in np.argsort(AXES[layout]))
