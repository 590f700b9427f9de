"""The card of converted weights: what they are, where they come from, and whether they fit the network at hand."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import Any

from drol_jax.checkpoint.variables import Shape, listing, mismatches, variable_shapes
from drol_jax.config import ModelConfig
from drol_jax.config.heads import HEADS
from drol_jax.errors import UserError
from drol_jax.system import reading
from drol_jax.system.resources import version

FORMAT = 1
"""Version of how weights are written."""
WEIGHTS_HASH = "weights_sha256"


def new(more: Mapping[str, Any], model: ModelConfig, parameters: int, weights_hash: str) -> dict[str, Any]:
    """The card of weights about to be written; `more` says where they come from."""
    return {
        **more,
        "format": FORMAT,
        "drol_jax": version(),
        "model": asdict(model),
        "image_channels": "RGB",
        "parameters": parameters,
        WEIGHTS_HASH: weights_hash,
    }


def text(card: Mapping[str, Any]) -> str:
    return json.dumps(card, indent=1) + "\n"


def parsed(content: str | bytes, where: Path, kinds: Mapping[str, type]) -> dict[str, Any]:
    """A card from its text.

    Args:
      content: JSON.
      where: the folder or file that it came with, for messages.
      kinds: entries that must be there beside those of every card, with their types.

    Raises:
      UserError: unreadable, incomplete, or of a later drol_jax.
    """
    try:
        card = reading.parsed(content)
        if not isinstance(card, dict):
            raise TypeError
        if card["format"] > FORMAT:
            raise UserError(f"{where} was written by drol_jax {card.get('drol_jax')}; update drol_jax to read it")
        if not all(
            isinstance(card[key], kind) for key, kind in ({"model": dict, WEIGHTS_HASH: str} | {**kinds}).items()
        ):
            raise TypeError
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise damaged(where, "its card is unreadable or incomplete") from error
    return card


def check_network(card: Mapping[str, Any], model: ModelConfig, where: Path) -> None:
    """Check that the card names this network.

    Raises:
      UserError: with both networks' values where they differ.
    """
    theirs, ours = _describe(card["model"]), _describe(asdict(model))
    if theirs != ours:
        different = [key for key in ours | theirs if ours.get(key) != theirs.get(key)]
        there, here = (", ".join(f"{key} {d.get(key)}" for key in different) for d in (theirs, ours))
        raise UserError(
            f"{where} holds weights of another network: {there}, where the configuration has {here}; "
            "take the configuration they were converted with, or other weights"
        )


def network(card: Mapping[str, Any], where: Path) -> ModelConfig:
    """The network that the card names.

    Raises:
      UserError: it names none that this drol_jax has.
    """
    known = {f.name for f in fields(ModelConfig)}
    entries = {key: _as_tuples(value) for key, value in card["model"].items()}
    try:
        if unknown := sorted(entries.keys() - known):
            raise TypeError(f"it has {', '.join(unknown)}")
        return ModelConfig(**entries)
    except TypeError as error:
        raise damaged(where, f"its card names no network ({error})") from error


def _as_tuples(value: Any) -> Any:
    return tuple(map(_as_tuples, value)) if isinstance(value, list) else value


def check_shapes(found: Mapping[str, Shape], model: ModelConfig, where: str) -> None:
    """Check that the arrays are those of this network, every name and shape, both ways.

    Raises:
      UserError: lists each that is not.
    """
    if wrong := listing(mismatches(found, variable_shapes(model))):
        raise UserError(f"{where} and {model.backbone} with a {model.head} head do not fit: {wrong}")


def check_hash(card: Mapping[str, Any], found: str, where: Path) -> None:
    """Check that the arrays are those that the card was written with.

    Raises:
      UserError: they are not.
    """
    if found != card[WEIGHTS_HASH]:
        raise damaged(where, "the arrays do not have the hash that its card names")


def damaged(where: Path, why: str) -> UserError:
    return UserError(f"{where} is damaged: {why}; convert or copy the weights again")


def _describe(model: dict[str, Any]) -> dict[str, Any]:
    """What tells networks apart, less what the network at hand does not use; what an older card lacks is default."""
    defaults = {f.name: f.default for f in fields(ModelConfig) if f.default is not MISSING}
    model = json.loads(json.dumps({**defaults, **model}))
    unused = next((facts.unused for name, facts in HEADS.items() if name == model.get("head")), ())
    # What the online subnet sees needs no weights of its own.
    dropped = (*unused, "online_feature", "online_level", "online_layers")
    return {key: value for key, value in model.items() if key not in dropped}
