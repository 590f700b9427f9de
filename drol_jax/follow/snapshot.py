"""A follower on disk: everything that the next frame needs, to go on after the process has ended."""

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.errors import UserError, reason
from drol_jax.follow.follower import Follower
from drol_jax.follow.scene import Scene
from drol_jax.follow.target import Target
from drol_jax.system import atomic, reading
from drol_jax.tracks.table import TargetState

TOLD, SEAL = "told", "seal"
"""What there is beside the arrays, as JSON, and its digest."""


def save(follower: Follower, path: Path, frame: int) -> None:
    """Write a follower to a file (.npz), whole or not at all.

    Args:
      frame: number of the last frame that it has seen.

    Raises:
      UserError: the file cannot be written.
    """
    lanes, together = follower.memory
    leaves: dict[str, Any] = {f"leaf{number}": np.asarray(leaf) for number, leaf in enumerate(jax.tree.leaves(lanes))}
    told: dict[str, Any] = {
        "frame": frame,
        "slots": int(lanes.active.shape[0]),
        "targets": [_plain(target) for target in follower.targets.values()],
        "together": sorted(sorted(pair) for pair in together),
    }
    text = json.dumps(told)
    with atomic.file(path, suffix=".npz") as temporary:
        np.savez(temporary, **{TOLD: np.array(text), SEAL: np.array(_seal(text))}, **leaves)


def restore(follower: Follower, path: Path) -> int:
    """Give a fresh follower of the same tracker what `save` wrote.

    Returns:
      The number of the last frame that it has seen.

    Raises:
      UserError: the file cannot be read, or is of another tracker.
    """
    told, arrays = _read(path)
    lanes = follower.room_for(told["slots"])
    shapes = jax.tree.leaves(lanes)
    if [(a.shape, a.dtype) for a in arrays] != [(leaf.shape, leaf.dtype) for leaf in shapes]:
        raise UserError(f"{path} is of another tracker; track anew, with --overwrite")
    lanes = jax.tree.unflatten(jax.tree.structure(lanes), [jnp.asarray(array) for array in arrays])
    targets = {target.name: target for target in map(_target, told["targets"])}
    follower.remember(lanes, targets, frozenset(frozenset(pair) for pair in told["together"]))
    return int(told["frame"])


def _read(path: Path) -> tuple[Mapping[str, Any], list[np.ndarray]]:
    """What is told beside the arrays, as `save` wrote it, and the arrays."""
    try:
        reading.regular(path)
        with np.load(path, allow_pickle=False) as file:
            text, seal = str(file[TOLD]), str(file[SEAL])
            arrays = [np.asarray(file[f"leaf{number}"]) for number in range(len(file.files) - 2)]
        if seal != _seal(text):
            raise ValueError("it was changed since it was written")
    except MemoryError:
        raise
    except Exception as error:  # zipfile and numpy raise many kinds where a file is damaged, all of which mean this
        told = reason(error) if isinstance(error, OSError | ValueError) else "it is damaged"
        raise UserError(f"cannot go on from {path}: {told}; track anew, with --overwrite") from error
    return json.loads(text), arrays


def _seal(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _plain(target: Target) -> dict[str, Any]:
    values = {field.name: getattr(target, field.name) for field in fields(target)}
    told = {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in values.items()}
    if (scene := target.scene) is not None:
        told["scene"] = {"grey": scene.grey.tobytes().hex(), "shape": scene.grey.shape, "box": scene.box.tolist()}
    return told


def _target(told: dict[str, Any]) -> Target:
    arrays = {name: np.array(told[name], np.float64) for name in ("box", "velocity")}
    left = None if told["left"] is None else np.array(told["left"], np.float64)
    if (scene := told.get("scene")) is not None:  # earlier releases kept none
        grey = np.frombuffer(bytes.fromhex(scene["grey"]), np.uint8).reshape(scene["shape"])
        scene = Scene(grey=grey, box=np.array(scene["box"], np.float64))
    return replace(Target(**told), **arrays, left=left, scene=scene, state=TargetState(told["state"]))
