"""Where every array of a PySOT checkpoint lives in our variables, and how it is laid out there.

PySOT keeps convolution weights as [O, I, rows, columns], transposed ones as [I, O, rows, columns], and feeds images
as BGR; we keep [rows, columns, I, O] and feed RGB. Matrices are transposed, everything else is a vector with the same
numbers on both sides. The table works in both directions and moves numbers without arithmetic, so there and back gives
the same bits.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict

from drol_jax.checkpoint.variables import listing, mismatches, variable_shapes
from drol_jax.config import ModelConfig
from drol_jax.convert.names import nanotrack as nanotrack_names
from drol_jax.convert.names.entries import AXES, Entry, Layout, convolution, mobilenet_entries, norm, resnet_entries
from drol_jax.errors import UserError
from drol_jax.nets.backbones import resnet
from drol_jax.settings.pysot_model import ALEXNETS

# Positions of the convolutions and normalisations in PySOT's `features` sequences.
SEQUENCES = {
    "alexnetlegacy": ((0, 4, 8, 11, 14), (1, 5, 9, 12, 15)),
    "alexnetlegacy2": ((0, 4, 8, 11, 14), (1, 5, 9, 12)),
}
RESPONSE_BIAS = "backbone.corr_bias"
"""SiamFC's, which neither tracking here nor DROL's adds. Only alexnetlegacy2 among DROL's AlexNets has a place for it:
with another one DROL tells that the file's array is not used, and runs the network."""
Spelling = Callable[[str], str]
"""PySOT's name of an array -> the name it has elsewhere."""
BRANCH_PARTS = (("conv_kernel", "template"), ("conv_search", "search"), ("head", "hidden"))


def as_in_pysot(name: str) -> str:
    return name


def table(model: ModelConfig) -> list[Entry]:
    """Every array of the model, in the order of the network.

    Raises:
      UserError: PySOT has no such network.
    """
    if model.anchor_free:
        return [entry for layer in nanotrack_names.layers(model) for entry in _layer(*layer)]
    return [*_backbone(model), *_neck(model), *_head(model), *_mask(model)]


def ignored(name: str, model: ModelConfig) -> bool:
    """Whether PySOT stores this name without ever reading it in the network's answer."""
    if model.anchor_free and name.startswith(nanotrack_names.UNUSED):
        return True
    return name.endswith("num_batches_tracked") or (name == RESPONSE_BIAS and model.head != "siamfc")


def expected(model: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Name and shape, in PySOT's layout, of every array that a checkpoint of this model must hold."""
    shapes = variable_shapes(model)
    return {e.source: _source_shape(shapes[e.path], e.layout) for e in table(model)}


def to_flax(
    state: dict[str, np.ndarray], model: ModelConfig, spelling: Spelling = as_in_pysot, *, consume: bool = False
) -> Any:
    """PySOT's arrays as our variables {'params': ..., 'batch_stats': ...}, float32.

    Args:
      state: state dict by name, floating arrays of any width; names without a `module.` prefix.
      model: the network.
      spelling: PySOT's name of an array -> its name in `state`.
      consume: take every array out of `state` as it is turned, so that little more than one copy is ever there.

    Raises:
      UserError: a name is missing, extra or misshapen, or an array holds no finite floating numbers; lists each.
    """
    if complaints := problems(state, model, spelling):
        raise UserError(complaints)
    take = state.pop if consume else state.__getitem__

    def array(entry: Entry) -> np.ndarray:
        return _to_ours(np.asarray(take(spelling(entry.source))).astype(np.float32, copy=False), entry.layout)

    return unflatten_dict({entry.path: array(entry) for entry in table(model)}, sep="/")


class SourceView(Mapping[str, np.ndarray]):
    """Our variables under PySOT's names and in its layout, each array turned when it is asked for.

    Raises:
      UserError: the variables are not those of this model.
    """

    def __init__(self, variables: Any, model: ModelConfig):
        self._flat: dict[str, Any] = flatten_dict(variables, sep="/")
        found = {path: np.shape(array) for path, array in self._flat.items()}
        if wrong := listing(mismatches(found, variable_shapes(model))):
            raise UserError(f"these variables do not belong to {model.backbone} with a {model.head} head: {wrong}")
        self._entries = {e.source: e for e in table(model)}

    def __getitem__(self, name: str) -> np.ndarray:
        entry = self._entries[name]
        return _to_source(np.asarray(self._flat[entry.path], np.float32), entry.layout)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def to_pysot(variables: Any, model: ModelConfig) -> dict[str, np.ndarray]:
    """`SourceView` as a dictionary: the inverse of `to_flax`, bit for bit."""
    return dict(SourceView(variables, model))


def problems(state: dict[str, np.ndarray], model: ModelConfig, spelling: Spelling = as_in_pysot) -> str:
    """What keeps the state dict from being this model, naming every array concerned; empty where nothing does."""
    wanted = {spelling(name): shape for name, shape in expected(model).items()}
    kinds = mismatches({name: a.shape for name, a in state.items() if not ignored(name, model)}, wanted)
    arrays = {name: state[name] for name in wanted if name in state}
    floating = {name: a for name, a in arrays.items() if np.issubdtype(a.dtype, np.floating)}
    kinds["not floating-point"] = [f"{name} is {a.dtype}" for name, a in arrays.items() if name not in floating]
    # Judged as the float32 that it becomes: a float64 may leave that range.
    with np.errstate(over="ignore"):
        kinds["not finite"] = [
            name for name, a in floating.items() if not np.isfinite(a.astype(np.float32, copy=False)).all()
        ]
    return listing(kinds)


def _layer(kind: str, source: str, path: str) -> list[Entry]:
    if kind == "norm":
        return norm(source, path)
    layout: Layout = "colour_kernel" if kind == "stem" else "matrix" if kind == "dense" else "kernel"
    return convolution(source, path, kind in ("biased", "dense"), layout)


def _backbone(model: ModelConfig) -> list[Entry]:
    if model.backbone in resnet.VARIANTS:
        return resnet_entries(model)
    if model.backbone == "mobilenetv2":
        return mobilenet_entries()
    if model.backbone == "alexnet":
        convolutions = [f"layer{i}.0" for i in range(1, 6)]
        norms = [f"layer{i}.1" for i in range(1, 6)]
    else:
        convolutions, norms = ([f"features.{i}" for i in row] for row in SEQUENCES[model.backbone])
    entries = []
    for i, name in enumerate(convolutions, start=1):
        layout: Layout = "colour_kernel" if i == 1 else "kernel"
        entries += convolution(f"backbone.{name}", f"backbone/conv{i}", True, layout)
        if i <= len(norms):
            entries += norm(f"backbone.{norms[i - 1]}", f"backbone/norm{i}")
    return entries


def _neck(model: ModelConfig) -> list[Entry]:
    count = len(model.adjust_channels)
    entries = []
    for i in range(count):
        source = "neck.downsample" if count == 1 else f"neck.downsample{i + 2}"
        entries += convolution(f"{source}.downsample.0", f"neck/conv{i}", False)
        entries += norm(f"{source}.downsample.1", f"neck/norm{i}")
    return entries


def _head(model: ModelConfig) -> list[Entry]:
    if model.head == "siamfc":
        if model.backbone not in ALEXNETS:
            raise UserError(
                f"neither PySOT nor DROL has a SiamFC with {model.backbone}: a network of that kind stays in drol_jax"
            )
        return [Entry(RESPONSE_BIAS, "params/head/bias", "vector")]
    entries = []
    if model.head == "upchannel_rpn":
        for branch in ("cls", "loc"):
            for side in ("template", "search"):
                entries += convolution(f"rpn_head.{side}_{branch}_conv", f"head/{side}_{branch}", True)
        return entries + convolution("rpn_head.loc_adjust", "head/loc_adjust", True)
    if model.head == "multi_rpn":
        for i in range(len(model.layers)):
            entries += _depthwise(f"rpn_head.rpn{i + 2}", f"head/levels_{i}")
        for name in ("cls_weight", "loc_weight") * model.weighted:
            entries.append(Entry(f"rpn_head.{name}", f"params/head/{name}", "vector"))
        return entries
    return _depthwise("rpn_head", "head")


def _depthwise(source: str, path: str) -> list[Entry]:
    return [e for branch in ("cls", "loc") for e in _branch(f"{source}.{branch}", f"{path}/{branch}")]


def _branch(source: str, path: str) -> list[Entry]:
    entries = []
    for part, ours in BRANCH_PARTS:
        entries += convolution(f"{source}.{part}.0", f"{path}/{ours}_conv", False)
        entries += norm(f"{source}.{part}.1", f"{path}/{ours}_norm")
    return entries + convolution(f"{source}.head.3", f"{path}/output_conv", True)


def _mask(model: ModelConfig) -> list[Entry]:
    if not model.mask:
        return []
    entries, path = _branch("mask_head", "mask_head/branch"), "mask_head/decoder"
    for source, ours in (("v", "fine"), ("h", "deep")):
        for level in range(3):
            for i in range(2):
                name = f"refine_head.{source}{level}.{2 * i}"
                entries += convolution(name, f"{path}/{ours}{level}_conv{i}", True)
    entries += convolution("refine_head.deconv", f"{path}/spread", True, "transposed_kernel")
    for i in range(3):
        # PySOT counts the joins from the coarsest on.
        entries += convolution(f"refine_head.post{i}", f"{path}/join{2 - i}", True)
    return entries


def _to_ours(array: np.ndarray, layout: Layout) -> np.ndarray:
    if layout == "vector":
        return np.array(array)
    if layout == "colour_kernel":
        array = array[:, ::-1]
    return np.ascontiguousarray(array.transpose(AXES[layout]))


def _to_source(array: np.ndarray, layout: Layout) -> np.ndarray:
    if layout == "vector":
        return np.ascontiguousarray(array)
    array = array.transpose(np.argsort(AXES[layout]))
    return np.ascontiguousarray(array[:, ::-1] if layout == "colour_kernel" else array)


def _source_shape(shape: tuple[int, ...], layout: Layout) -> tuple[int, ...]:
    return shape if layout == "vector" else tuple(shape[i] for i in np.argsort(AXES[layout]))
