"""Where every array of a PySOT checkpoint lives in our variables, and how it is laid out there.

PySOT keeps convolution weights as [O, I, rows, columns] and feeds pictures as BGR; we keep [rows, columns, I, O] and
feed RGB. Matrices are transposed, everything else is a vector with the same numbers on both sides. The table works in
both directions and moves numbers without arithmetic, so there and back gives the same bits.
"""

from typing import Any, Literal, NamedTuple

import nanotrack_names
import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict

from drol_jax.config import ModelConfig
from drol_jax.errors import UserError
from drol_jax.variables import listing, mismatches, variable_shapes

Layout = Literal["colour_kernel", "kernel", "matrix", "vector"]


class Entry(NamedTuple):
    """One array: its name in PySOT's state dict, its path in our variables, its layout there."""

    source: str
    path: str
    layout: Layout


# Positions of the convolutions and normalisations in PySOT's `features` sequences.
SEQUENCES = {
    "alexnetlegacy": ((0, 4, 8, 11, 14), (1, 5, 9, 12, 15)),
    "alexnetlegacy2": ((0, 4, 8, 11, 14), (1, 5, 9, 12)),
}
BRANCH_PARTS = (("conv_kernel", "template"), ("conv_search", "search"), ("head", "hidden"))
NORM_LEAVES = (
    ("weight", "params", "scale"),
    ("bias", "params", "bias"),
    ("running_mean", "batch_stats", "mean"),
    ("running_var", "batch_stats", "var"),
)


def table(model: ModelConfig) -> list[Entry]:
    """Every array of the model, in the order of the network.

    Raises:
      UserError: PySOT has no such network.
    """
    if model.anchor_free:
        return [entry for layer in nanotrack_names.layers(model) for entry in _layer(*layer)]
    return [*_backbone(model), *_head(model)]


def ignored(name: str, model: ModelConfig) -> bool:
    """Whether PySOT stores this name without ever reading it in the network's answer."""
    if model.anchor_free and name.startswith(nanotrack_names.UNUSED):
        return True
    return name.endswith("num_batches_tracked") or (name == "backbone.corr_bias" and model.head != "siamfc")


def expected(model: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Name and shape, in PySOT's layout, of every array that a checkpoint of this model must hold."""
    shapes = variable_shapes(model)
    return {e.source: _source_shape(shapes[e.path], e.layout) for e in table(model)}


def to_flax(state: dict[str, np.ndarray], model: ModelConfig) -> Any:
    """PySOT's arrays as our variables {'params': ..., 'batch_stats': ...}, float32.

    Args:
      state: state dict by name, floating arrays of any width; names without a `module.` prefix.

    Raises:
      UserError: a name is missing, extra or misshapen, or an array holds no finite floating numbers; lists each.
    """
    if complaints := problems(state, model):
        raise UserError(complaints)
    return unflatten_dict(
        {e.path: _to_ours(np.asarray(state[e.source]).astype(np.float32), e.layout) for e in table(model)}, sep="/"
    )


def to_pysot(variables: Any, model: ModelConfig) -> dict[str, np.ndarray]:
    """Our variables under PySOT's names and in its layout: the inverse of `to_flax`, bit for bit.

    Raises:
      UserError: the variables are not those of this model.
    """
    flat: dict[str, Any] = flatten_dict(variables, sep="/")
    shapes = variable_shapes(model)
    if wrong := listing(mismatches({path: np.shape(array) for path, array in flat.items()}, shapes)):
        raise UserError(f"these variables do not belong to {model.backbone} with a {model.head} head: {wrong}")
    return {e.source: _to_source(np.asarray(flat[e.path], np.float32), e.layout) for e in table(model)}


def problems(state: dict[str, np.ndarray], model: ModelConfig) -> str:
    """What keeps the state dict from being this model, naming every array concerned; empty where nothing does."""
    wanted = expected(model)
    kinds = mismatches({name: a.shape for name, a in state.items() if not ignored(name, model)}, wanted)
    arrays = {name: state[name] for name in wanted if name in state}
    floating = {name: a for name, a in arrays.items() if np.issubdtype(a.dtype, np.floating)}
    kinds["not floating-point"] = [f"{name} is {a.dtype}" for name, a in arrays.items() if name not in floating]
    # Judged as the float32 that it becomes: a float64 may leave that range.
    with np.errstate(over="ignore"):
        kinds["not finite"] = [name for name, a in floating.items() if not np.isfinite(a.astype(np.float32)).all()]
    return listing(kinds)


def _convolution(source: str, path: str, bias: bool, layout: Layout = "kernel") -> list[Entry]:
    entries = [Entry(f"{source}.weight", f"params/{path}/kernel", layout)]
    return entries + [Entry(f"{source}.bias", f"params/{path}/bias", "vector")] * bias


def _norm(source: str, path: str) -> list[Entry]:
    return [Entry(f"{source}.{name}", f"{kind}/{path}/{leaf}", "vector") for name, kind, leaf in NORM_LEAVES]


def _layer(kind: str, source: str, path: str) -> list[Entry]:
    if kind == "norm":
        return _norm(source, path)
    layout: Layout = "colour_kernel" if kind == "stem" else "matrix" if kind == "dense" else "kernel"
    return _convolution(source, path, kind in ("biased", "dense"), layout)


def _backbone(model: ModelConfig) -> list[Entry]:
    if model.backbone == "alexnet":
        convolutions = [f"layer{i}.0" for i in range(1, 6)]
        norms = [f"layer{i}.1" for i in range(1, 6)]
    else:
        convolutions, norms = ([f"features.{i}" for i in row] for row in SEQUENCES[model.backbone])
    entries = []
    for i, name in enumerate(convolutions, start=1):
        layout: Layout = "colour_kernel" if i == 1 else "kernel"
        entries += _convolution(f"backbone.{name}", f"backbone/conv{i}", True, layout)
        if i <= len(norms):
            entries += _norm(f"backbone.{norms[i - 1]}", f"backbone/norm{i}")
    return entries


def _head(model: ModelConfig) -> list[Entry]:
    if model.head == "siamfc":
        if model.backbone != "alexnetlegacy2":
            raise UserError(
                f"PySOT's {model.backbone} has no bias for SiamFC's response; only alexnetlegacy2 comes with the "
                "siamfc head: use a configuration with that backbone"
            )
        return [Entry("backbone.corr_bias", "params/head/bias", "vector")]
    entries = []
    if model.head == "upchannel_rpn":
        for branch in ("cls", "loc"):
            for side in ("template", "search"):
                entries += _convolution(f"rpn_head.{side}_{branch}_conv", f"head/{side}_{branch}", True)
        return entries + _convolution("rpn_head.loc_adjust", "head/loc_adjust", True)
    for branch in ("cls", "loc"):
        for source, ours in BRANCH_PARTS:
            entries += _convolution(f"rpn_head.{branch}.{source}.0", f"head/{branch}/{ours}_conv", False)
            entries += _norm(f"rpn_head.{branch}.{source}.1", f"head/{branch}/{ours}_norm")
        entries += _convolution(f"rpn_head.{branch}.head.3", f"head/{branch}/output_conv", True)
    return entries


def _to_ours(array: np.ndarray, layout: Layout) -> np.ndarray:
    if layout == "vector":
        return np.ascontiguousarray(array)
    if layout == "matrix":
        return np.ascontiguousarray(array.T)
    if layout == "colour_kernel":
        array = array[:, ::-1]
    return np.ascontiguousarray(array.transpose(2, 3, 1, 0))


def _to_source(array: np.ndarray, layout: Layout) -> np.ndarray:
    if layout == "vector":
        return np.ascontiguousarray(array)
    if layout == "matrix":
        return np.ascontiguousarray(array.T)
    array = array.transpose(3, 2, 0, 1)
    return np.ascontiguousarray(array[:, ::-1] if layout == "colour_kernel" else array)


def _source_shape(shape: tuple[int, ...], layout: Layout) -> tuple[int, ...]:
    if layout == "matrix":
        return shape[::-1]
    return shape if layout == "vector" else (shape[3], shape[2], shape[0], shape[1])
