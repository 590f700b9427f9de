"""Network variables on disk: a folder (Orbax) or one file (safetensors), each with a card that says what they are.

The card holds the model's configuration, where the numbers came from and a SHA-256 over all arrays; keys, shapes and
that hash are checked when they are read, so weights never load damaged or into the wrong network.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from drol_jax.checkpoint import card as cards
from drol_jax.checkpoint import folder, hub, single
from drol_jax.checkpoint.folder import CARD
from drol_jax.checkpoint.variables import variable_shapes, weights_hash
from drol_jax.config import ModelConfig
from drol_jax.errors import UserError
from drol_jax.system import atomic
from drol_jax.system.interrupts import DelayedInterrupt
from drol_jax.system.resources import data_path
from drol_jax.system.trees import flatten_dict
from drol_jax.zoo import home
from drol_jax.zoo.registry import published

__all__ = [
    "CARD",
    "Loaded",
    "bundled",
    "check_writable",
    "load",
    "network",
    "resolve",
    "save",
    "variable_shapes",
    "weights_hash",
]


class Loaded(NamedTuple):
    """variables: {'params', 'batch_stats'} of float32 arrays on the default device; hash: `weights_hash` of them;
    card: what the weights say of themselves."""

    variables: Any
    hash: str
    card: dict[str, Any]


def save(
    target: str | Path,
    variables: Any,
    model: ModelConfig,
    card: Mapping[str, Any] | None = None,
    *,
    overwrite: bool = False,
    verify: Callable[[], Mapping[str, Any]] = dict,
) -> Path:
    """Write variables and card; the target appears whole or not at all.

    Args:
      target: a file if it ends in .safetensors, else a folder; its parent is made.
      variables: {'params', 'batch_stats'} of the model, float32.
      model: the network they belong to.
      card: more entries for the card, such as where the numbers came from; plain data.
      overwrite: replace earlier weights there.
      verify: called before anything appears; still more entries for the card. Where it raises, nothing is left, nor
        after Ctrl-C, which is heard in it and between the parts of writing.

    Returns:
      The target.

    Raises:
      UserError: the variables are not this model's, the target exists, or it cannot be written.
    """
    target = Path(target).absolute()
    flat = {path: np.asarray(array) for path, array in sorted(flatten_dict(variables, sep="/").items())}
    cards.check_shapes({path: array.shape for path, array in flat.items()}, model, "the variables to save")
    if wrong := [f"{path} is {array.dtype}" for path, array in flat.items() if array.dtype != np.float32]:
        raise UserError(f"only float32 variables can be saved: {', '.join(wrong)}; convert them first")
    check_writable(target, overwrite)
    count, found = sum(array.size for array in flat.values()), weights_hash(variables)

    held = DelayedInterrupt()

    def full_card() -> dict[str, Any]:
        with held.let_through():
            more = verify()
        return cards.new({**(card or {}), **more}, model, count, found)

    with held, atomic.scratch(target, "choose a place you may write") as scratch:
        fresh = scratch / "new"
        (single if _is_file_name(target) else folder).write(fresh, flat, full_card)
        held.check()
        atomic.replace(fresh, target)
    return target


def check_writable(target: str | Path, overwrite: bool) -> None:
    """Check that `save` would write there: nothing is in the way, or only earlier weights that may be replaced.

    Raises:
      UserError: something is.
    """
    target = Path(target)
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    if not overwrite:
        raise UserError(f"{target} exists; name another place, or allow overwriting it (--force)")
    ours = single.is_ours if _is_file_name(target) else folder.is_ours
    if not ours(target):
        raise UserError(f"{target} is no drol_jax checkpoint and is not overwritten; name another place")


def load(place: str | Path, model: ModelConfig) -> Loaded:
    """Read weights that `save` wrote, for this network.

    Args:
      place: folder or file; see `resolve`.
      model: the network that will run them.

    Raises:
      UserError: no such weights, no drol_jax checkpoint, damaged, or weights of another network.
    """
    place = _existing(Path(place)).absolute()
    card, tree = (folder if place.is_dir() else single).read(place, model)
    found = weights_hash(tree)
    cards.check_hash(card, found, place)
    return Loaded(jax.device_put(tree), found, card)


def network(place: str | Path) -> ModelConfig:
    """The network that weights belong to, as their card names it; the weights themselves are not read.

    Args:
      place: folder or file; see `resolve`.

    Raises:
      UserError: no such weights, no drol_jax checkpoint, or a damaged card.
    """
    place = _existing(Path(place)).absolute()
    return cards.network((folder if place.is_dir() else single).read_card(place), place)


def bundled() -> list[str]:
    """Names of the weights that come with drol_jax, sorted."""
    return sorted(file.stem for file in data_path("weights").glob(f"*/*{single.SUFFIX}"))


def description(name: str) -> Path:
    """The page that comes with bundled weights: how they were trained, what they score, what they are not for."""
    return data_path("weights") / name / "README.md"


def resolve(name_or_path: str | Path) -> Path:
    """The place of weights: bundled and fetched ones by name, others by path, those of the hub by address.

    A name wins, first a bundled one, then one of `drol-jax weights get`; write ./name for a path. Weights of the hub
    (hf://owner/repository[@revision][/path]) are downloaded into its own cache.

    Raises:
      UserError: there are none.
    """
    if str(name_or_path) in bundled():
        return data_path("weights") / str(name_or_path) / f"{name_or_path}{single.SUFFIX}"
    if str(name_or_path).startswith(hub.SCHEME):
        return hub.fetch(str(name_or_path))
    if (fetched := home.kept(str(name_or_path))) is not None:
        return fetched
    return _existing(Path(name_or_path))


def _is_file_name(path: Path) -> bool:
    return path.suffix == single.SUFFIX


def _existing(path: Path) -> Path:
    if path.is_dir() or (path.is_file() and _is_file_name(path)):
        return path
    if path.is_file():
        raise UserError(
            f"{path} is a file, but not of drol_jax weights ({single.SUFFIX}); convert it first: "
            f"drol-jax convert pysot {path} --config NAME --output DIR"
        )
    if str(path) in published().entries:
        raise UserError(f"the weights {path} are not here yet: drol-jax weights get {path} fetches them")
    raise UserError(
        f"no weights at {path}: give a folder or file that drol-jax convert wrote, an address "
        f"{hub.FORM}, or bundled weights by name: {', '.join(bundled()) or 'none'}"
    )
