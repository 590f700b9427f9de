"""Where every array of a PySOT checkpoint lives in our variables, and how it is laid out there.

PySOT keeps convolution weights as [O, I, rows, columns], transposed ones as [I, O, rows, columns], and feeds images
as BGR; we keep [rows, columns, I, O] and feed RGB. Matrices are transposed, everything else is a vector with the same
numbers on both sides. The table works in both directions and moves numbers without arithmetic, so there and back gives
the same bits.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from drol_jax.checkpoint.variables import listing, mismatches, variable_shapes
from drol_jax.config import ModelConfig
from drol_jax.config.network import backbone_facts, head_facts
from drol_jax.convert.names import backbones, heads
from drol_jax.convert.names.entries import Entry, convolution, norm, source_shape, to_ours, to_source
from drol_jax.errors import UserError
from drol_jax.system.trees import flatten_dict, unflatten_dict

Spelling = Callable[[str], str]
"""PySOT's name of an array -> the name it has elsewhere."""


def as_in_pysot(name: str) -> str:
    """The spelling that changes nothing."""
    return name


def table(model: ModelConfig) -> list[Entry]:
    """Every array of the model, in the order of the network.

    Raises:
      UserError: PySOT has no such network.
    """
    backbone, head = backbone_facts(model).kind, head_facts(model).kind
    if backbone not in backbones.ENTRIES or head not in heads.ENTRIES:
        raise UserError(f"no published checkpoint is {model.backbone} with a {model.head} head: it stays in drol_jax")
    entries = [*backbones.ENTRIES[backbone](model), *_neck(model), *heads.ENTRIES[head](model)]
    return entries + heads.mask_entries(model)


COUNTER = "num_batches_tracked"
"""End of the name of what only training reads, one for each normalisation."""


def ignored(name: str, model: ModelConfig) -> bool:
    """Whether PySOT stores this name without ever reading it in the network's answer."""
    if name == heads.RESPONSE_BIAS:
        return all(entry.source != name for entry in table(model))
    unread = backbones.UNREAD.get(backbone_facts(model).kind, ())
    return name.endswith(COUNTER) or name.startswith(unread)


def expected(model: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Name and shape, in PySOT's layout, of every array that a checkpoint of this model must hold."""
    shapes = variable_shapes(model)
    return {e.source: source_shape(shapes[e.path], e.layout) for e in table(model)}


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
        return to_ours(np.asarray(take(spelling(entry.source))).astype(np.float32, copy=False), entry.layout)

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
        return to_source(np.asarray(self._flat[entry.path], np.float32), entry.layout)

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


def _neck(model: ModelConfig) -> list[Entry]:
    count = len(model.adjust_channels)
    entries = []
    for i in range(count):
        source = "neck.downsample" if count == 1 else f"neck.downsample{i + 2}"
        entries += convolution(f"{source}.downsample.0", f"neck/conv{i}", False)
        entries += norm(f"{source}.downsample.1", f"neck/norm{i}")
    return entries
