"""Network variables on disk: a folder with Orbax's `variables/` and a `card.json` that says what they are.

The card holds the model's configuration, where the numbers came from, a SHA-256 of every file and one over all arrays;
files, keys, shapes and that hash are checked when the folder is read, so weights never load damaged or into the wrong
network.
"""

import hashlib
import json
import tempfile
from dataclasses import MISSING, asdict, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp
from flax.traverse_util import flatten_dict, unflatten_dict

from drol_jax.config import ModelConfig
from drol_jax.errors import UserError
from drol_jax.resources import data_path
from drol_jax.variables import listing, mismatches, variable_shapes, weights_hash

CARD = "card.json"
VARIABLES = "variables"
FORMAT = 1
"""Version of the folder's layout."""


class Loaded(NamedTuple):
    """variables: {'params', 'batch_stats'} of float32 arrays on the default device; hash: `weights_hash` of them;
    card: the content of card.json."""

    variables: Any
    hash: str
    card: dict[str, Any]


def save(
    folder: str | Path,
    variables: Any,
    model: ModelConfig,
    card: dict[str, Any] | None = None,
    *,
    overwrite: bool = False,
) -> Path:
    """Write variables and card; the folder appears whole or not at all.

    Args:
      folder: where; its parent is made.
      variables: {'params', 'batch_stats'} of the model, float32.
      model: the network they belong to.
      card: more entries for card.json, such as where the numbers came from; plain data.
      overwrite: replace an earlier checkpoint there.

    Returns:
      The folder.

    Raises:
      UserError: the variables are not this model's, the folder exists, or it cannot be written.
    """
    folder = Path(folder).absolute()
    flat = {path: np.asarray(array) for path, array in sorted(flatten_dict(variables, sep="/").items())}
    _check_shapes({path: array.shape for path, array in flat.items()}, model, "the variables to save")
    if wrong := [f"{path} is {array.dtype}" for path, array in flat.items() if array.dtype != np.float32]:
        raise UserError(f"only float32 variables can be saved: {', '.join(wrong)}; convert them first")
    if folder.exists() and any(folder.iterdir() if folder.is_dir() else [folder]):
        if not overwrite:
            raise UserError(f"{folder} exists; name another folder, or allow overwriting it (--force)")
        if not (folder / CARD).is_file():
            raise UserError(f"{folder} is no drol_jax checkpoint and is not overwritten; name another folder")
    full_card: dict[str, Any] = {
        **(card or {}),
        "format": FORMAT,
        "drol_jax": version("drol_jax"),
        "model": asdict(model),
        "image_channels": "RGB",
        "parameters": sum(array.size for array in flat.values()),
        "weights_sha256": weights_hash(variables),
    }
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as scratch:
            fresh = Path(scratch) / "new"
            fresh.mkdir()
            with _checkpointer() as checkpointer:
                checkpointer.save(fresh / VARIABLES, args=ocp.args.PyTreeSave(unflatten_dict(flat, sep="/")))
            # It says where the file was written, nothing reads it on a disk, and weights are passed on.
            (fresh / VARIABLES / "commit_success.txt").unlink(missing_ok=True)
            full_card["files"] = _file_hashes(fresh / VARIABLES)
            (fresh / CARD).write_text(json.dumps(full_card, indent=1) + "\n", encoding="utf-8")
            _swap_in(fresh, folder, Path(scratch) / "old")
    except OSError as error:
        raise UserError(f"cannot write {folder} ({error.strerror or error}); choose a folder you may write") from error
    return folder


def load(folder: str | Path, model: ModelConfig) -> Loaded:
    """Read a folder that `save` wrote, for this network.

    Args:
      folder: see `resolve`.
      model: the network that will run them.

    Raises:
      UserError: no such folder, no drol_jax checkpoint, damaged, or weights of another network.
    """
    folder = Path(folder).absolute()
    card = _read_card(folder)
    # Before Orbax reads them: its own errors leave loose threads behind, and name no cure.
    found_files = _file_hashes(folder / VARIABLES)
    if bad := sorted(n for n in found_files | card["files"] if found_files.get(n) != card["files"].get(n)):
        raise _damaged(folder, f"{', '.join(bad)} in {VARIABLES} changed, went missing or came in since it was written")
    theirs, ours = _describe(card["model"]), _describe(asdict(model))
    if theirs != ours:
        different = [key for key in ours | theirs if ours.get(key) != theirs.get(key)]
        there, here = (", ".join(f"{key} {d.get(key)}" for key in different) for d in (theirs, ours))
        raise UserError(
            f"{folder} holds weights of another network: {there}, where the configuration has {here}; "
            "take the configuration they were converted with, or other weights"
        )
    try:
        with _checkpointer() as checkpointer:
            stored_tree = checkpointer.metadata(folder / VARIABLES).item_metadata.tree
            stored: dict[str, Any] = flatten_dict(stored_tree, sep="/")
            _check_shapes({path: tuple(leaf.shape) for path, leaf in stored.items()}, model, str(folder))
            # Plain arrays: Orbax would otherwise warn that the file names no device of this machine.
            as_numpy = jax.tree.map(lambda _: ocp.RestoreArgs(restore_type=np.ndarray), stored_tree)
            tree = checkpointer.restore(folder / VARIABLES, args=ocp.args.PyTreeRestore(restore_args=as_numpy))
    except UserError:
        raise
    except Exception as error:  # Orbax and TensorStore raise many kinds, all of which mean this here.
        raise _damaged(folder, f"{VARIABLES} cannot be read, {type(error).__name__}") from error
    found = weights_hash(tree)
    if found != card["weights_sha256"]:
        raise _damaged(folder, "the arrays do not have the hash that its card.json names")
    return Loaded(jax.tree.map(jnp.asarray, tree), found, card)


def bundled() -> list[str]:
    """Names of the weights that come with drol_jax, sorted."""
    return sorted(card.parent.name for card in data_path("weights").glob(f"*/{CARD}"))


def resolve(name_or_path: str | Path) -> Path:
    """The folder of bundled weights by name, or of a checkpoint by path. A bundled name wins; write ./name for a path.

    Raises:
      UserError: neither exists.
    """
    if str(name_or_path) in bundled():
        return data_path("weights") / str(name_or_path)
    folder = Path(name_or_path)
    if not folder.is_dir():
        raise _no_weights(folder)
    return folder


def _checkpointer() -> ocp.Checkpointer:
    return ocp.Checkpointer(ocp.PyTreeCheckpointHandler(use_ocdbt=True))


def _swap_in(fresh: Path, folder: Path, aside: Path) -> None:
    """Put the fresh folder in place of the old one, which comes back if that fails."""
    if not folder.exists():
        fresh.rename(folder)
        return
    folder.rename(aside)
    try:
        fresh.rename(folder)
    except OSError:
        aside.rename(folder)
        raise


def _file_hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    hashes = {}
    for path in files:
        with path.open("rb") as file:  # Not its content: a file may hold most of a network.
            hashes[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return hashes


def _read_card(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise _no_weights(folder)
    if not (folder / CARD).is_file():
        raise UserError(
            f"{folder} is no drol_jax checkpoint (it has no {CARD}); give a folder that convert/pysot_to_flax.py wrote"
        )
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        if card["format"] > FORMAT:
            raise UserError(f"{folder} was written by drol_jax {card.get('drol_jax')}; update drol_jax to read it")
        kinds = {"model": dict, "files": dict, "weights_sha256": str}
        if not all(isinstance(card[key], kind) for key, kind in kinds.items()):
            raise TypeError
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(folder, f"{CARD} is unreadable or incomplete") from error
    return card


def _no_weights(folder: Path) -> UserError:
    if folder.is_file():
        return UserError(
            f"{folder} is a file, not a drol_jax checkpoint folder; convert it first: "
            f"python convert/pysot_to_flax.py {folder} --config NAME --output DIR"
        )
    return UserError(
        f"no weights at {folder}: give a folder that convert/pysot_to_flax.py wrote, or bundled weights by name: "
        f"{', '.join(bundled()) or 'none'}"
    )


def _damaged(folder: Path, why: str) -> UserError:
    return UserError(f"{folder} is damaged: {why}; convert or copy the weights again")


def _describe(model: dict[str, Any]) -> dict[str, Any]:
    """What tells networks apart, less what the network at hand does not use; what an older card lacks is default."""
    defaults = {f.name: f.default for f in fields(ModelConfig) if f.default is not MISSING}
    model = json.loads(json.dumps({**defaults, **model}))
    unused = {
        "siamfc": ("head_channels", "anchor_ratios", "anchor_scales"),
        "upchannel_rpn": ("head_channels",),
        "multi_rpn": ("head_channels",),
    }
    # What the online subnet sees needs no weights of its own.
    dropped = (*unused.get(str(model.get("head")), ()), "online_feature", "online_level")
    return {key: value for key, value in model.items() if key not in dropped}


def _check_shapes(found: dict[str, tuple[int, ...]], model: ModelConfig, where: str) -> None:
    if wrong := listing(mismatches(found, variable_shapes(model))):
        raise UserError(f"{where} and {model.backbone} with a {model.head} head do not fit: {wrong}")
