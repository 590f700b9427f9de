"""Weights as a folder: Orbax's `variables/` and a `card.json`, which also holds a SHA-256 of every file.

Orbax is imported where it is used: weights in one file do without, and a start by a seventh of a second.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import numpy as np

from drol_jax.checkpoint import card as cards
from drol_jax.config import ModelConfig
from drol_jax.errors import UserError
from drol_jax.system import reading
from drol_jax.system.trees import flatten_dict, unflatten_dict

CARD = "card.json"
VARIABLES = "variables"
TRAINED = "weights"
"""Folder of the weights in that of a training run."""
FILE_BYTES = 2**23
"""Orbax holds back what it writes until about this much has come together; by default that is a whole network."""


def write(folder: Path, flat: Mapping[str, np.ndarray], card: Callable[[], dict[str, Any]]) -> None:
    """Write into a folder that does not exist yet; the card is asked for when the arrays are there.

    Raises:
      OSError: it cannot be written.
    """
    import orbax.checkpoint as ocp

    folder.mkdir()
    with _checkpointer() as checkpointer:
        tree = unflatten_dict(dict(flat), sep="/")
        checkpointer.save(folder / VARIABLES, args=ocp.args.PyTreeSave(tree, ocdbt_target_data_file_size=FILE_BYTES))
    # It says where the file was written, nothing reads it on a disk, and weights are passed on.
    (folder / VARIABLES / "commit_success.txt").unlink(missing_ok=True)
    full_card = {**card(), "files": _file_hashes(folder / VARIABLES)}
    (folder / CARD).write_text(cards.text(full_card), encoding="utf-8")


def read(folder: Path, model: ModelConfig) -> tuple[dict[str, Any], dict[str, Any]]:
    """Card and variables, as numpy arrays.

    Raises:
      UserError: no drol_jax checkpoint, damaged, or weights of another network.
    """
    card = read_card(folder)
    # Before Orbax reads them: its own errors leave loose threads behind, and name no cure.
    found_files = _file_hashes(folder / VARIABLES)
    if bad := sorted(n for n in found_files | card["files"] if found_files.get(n) != card["files"].get(n)):
        raise cards.damaged(
            folder, f"{', '.join(bad)} in {VARIABLES} changed, went missing or came in since it was written"
        )
    cards.check_network(card, model, folder)
    import orbax.checkpoint as ocp

    with _checkpointer() as checkpointer:
        with _damage_told(folder):
            stored_tree = checkpointer.metadata(folder / VARIABLES).item_metadata.tree
            stored: dict[str, Any] = flatten_dict(stored_tree, sep="/")
            shapes = {path: tuple(leaf.shape) for path, leaf in stored.items()}
        cards.check_shapes(shapes, model, str(folder))
        # Plain arrays: Orbax would otherwise warn that the file names no device of this machine.
        as_numpy = jax.tree.map(lambda _: ocp.RestoreArgs(restore_type=np.ndarray), stored_tree)
        with _damage_told(folder):
            tree = checkpointer.restore(folder / VARIABLES, args=ocp.args.PyTreeRestore(restore_args=as_numpy))
    return card, tree


def is_ours(folder: Path) -> bool:
    """Whether the folder was written here, so that it may be replaced."""
    return (folder / CARD).is_file()


def _checkpointer() -> Any:
    import orbax.checkpoint as ocp

    alone: Any = {}
    if jax.process_count() > 1:  # weights are one process's business; Orbax would wait for the others
        own = jax.process_index()
        alone["multiprocessing_options"] = ocp.options.MultiprocessingOptions(
            primary_host=own, active_processes={own}, barrier_sync_key_prefix=f"weights-{own}"
        )
    return ocp.Checkpointer(ocp.PyTreeCheckpointHandler(use_ocdbt=True, use_compression=False, **alone), **alone)


@contextmanager
def _damage_told(folder: Path) -> Iterator[None]:
    """Errors in reading as the user's, but for those of a device, or of memory, that lacks room."""
    try:
        yield
    except (jax.errors.JaxRuntimeError, MemoryError):
        raise
    except Exception as error:  # Orbax and TensorStore raise many kinds, all of which mean this here.
        raise cards.damaged(folder, f"{VARIABLES} cannot be read, {type(error).__name__}") from error


def _file_hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    hashes = {}
    for path in files:
        with path.open("rb") as file:  # Not its content: a file may hold most of a network.
            hashes[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return hashes


def read_card(folder: Path) -> dict[str, Any]:
    """The card alone.

    Raises:
      UserError: no drol_jax checkpoint, or a damaged card.
    """
    if not (folder / CARD).is_file():
        trained = folder / TRAINED
        wanted = "give a folder that drol-jax convert wrote"
        if (trained / CARD).is_file():
            wanted = f"it is the folder of a training run: name {trained}"
        raise UserError(f"{folder} is no drol_jax checkpoint (it has no {CARD}); {wanted}")
    try:
        content = reading.content(folder / CARD)
    except OSError as error:
        raise UserError(f"{folder / CARD} cannot be read ({error.strerror}); check who may read it") from error
    return cards.parsed(content, folder, {"files": dict})
