"""Which state dict of a checkpoint is the network: wrappers and prefixes that training code puts around it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from drol_jax.convert.torch.pickle import Skipped, Tensor
from drol_jax.errors import UserError

DEEPEST = 4
"""Dictionaries within dictionaries that are looked into."""
TRAINING = ("optimizer", "optim", "scheduler", "lr_scheduler", "scaler", "amp", "loss", "criterion")
"""Entries of a snapshot whose tensors are not a network's; also at the end of a name such as "optimizer_state"."""
WRAPPERS = ("module", "model", "_orig_mod", "net", "network", "ema", "ema_model", "state_dict", "tracker")
"""First parts of names that wrap a whole network: DataParallel's, Lightning's, torch.compile's, and people's own."""
COMPILED = "_orig_mod."
"""torch.compile puts it in the middle of names too, where it compiled a part."""
PROFILED = ("total_ops", "total_params")
"""Last parts of names of counters that thop leaves in a model."""


def network_of(tree: Any, part: str | None, source: str) -> dict[str, Tensor]:
    """The one state dict of a checkpoint, under the network's own names.

    Args:
      tree: what `pickle.load` gave.
      part: the entry that is meant, such as "ema", or "model.ema" for one within another; None for the only one.
      source: what to call the file in messages.

    Raises:
      UserError: there is none, there are several, or none of that name.
    """
    found = candidates(tree)
    if part is not None:
        if part not in found:
            raise UserError(f"{source} has no state dict {part!r}; it has: {_listed(found)}")
        return plain_names(found[part], source)
    if not found:
        raise UserError(_without(tree, source))
    if len(found) > 1:
        raise UserError(
            f"{source} holds several state dicts: {_listed(found)}; say which with --part NAME, or where these are "
            "parts of one network, save model.state_dict() of the whole"
        )
    return plain_names(next(iter(found.values())), source)


def candidates(tree: Any) -> dict[str, dict[str, Tensor]]:
    """State dicts by their place in the tree: dictionaries of text to tensors; numbers and words between them are
    left out, as counters of epochs are. Places in a list are called by their numbers, from 0."""
    return dict(_walk(tree, "", 0, set()))


def _walk(tree: Any, path: str, depth: int, seen: set[int]) -> Iterator[tuple[str, dict[str, Tensor]]]:
    """`candidates` one by one. What holds itself, or lies in many places, is looked into once."""
    if isinstance(tree, list | tuple) and not isinstance(tree, Tensor):
        inside: dict[str, Any] = {str(place): value for place, value in enumerate(tree)}
    elif isinstance(tree, dict) and all(isinstance(key, str) for key in tree):
        inside = tree
        tensors = {key: value for key, value in tree.items() if isinstance(value, Tensor)}
        if any("." in key for key in tensors) or (tensors and len(tensors) == len(tree)):
            yield path or "the file itself", tensors
            return
    else:
        return
    if depth > DEEPEST or id(tree) in seen:
        return
    seen.add(id(tree))
    for key, value in inside.items():
        if not key.removesuffix("_state_dict").removesuffix("_state").endswith(TRAINING):
            yield from _walk(value, f"{path}.{key}" if path else key, depth + 1, seen)


def plain_names(state: Mapping[str, Tensor], source: str) -> dict[str, Tensor]:
    """The tensors under names without what wraps the whole network.

    Raises:
      UserError: a name is no printable text, or two become one.
    """
    if any(not key.isprintable() for key in state):
        raise UserError(f"{source} holds no state dict; save model.state_dict() with torch.save")
    names = {key: key.replace(COMPILED, "") for key in state if key.rpartition(".")[2] not in PROFILED}
    names = {key: name.removeprefix("module.") for key, name in names.items()}
    while (first := _common(names.values())) in WRAPPERS:
        names = {key: name.removeprefix(f"{first}.") for key, name in names.items()}
    found: dict[str, Tensor] = {}
    for key, name in names.items():
        if name in found:
            raise UserError(f"{source}: {name} is there with and without a wrapper's name; save the state dict again")
        found[name] = state[key]
    return found


def _common(names: Iterable[str]) -> str | None:
    """The first part that all names share."""
    parts = {name.partition(".")[0] if "." in name else None for name in names}
    return parts.pop() if len(parts) == 1 else None


def _listed(found: Mapping[str, Mapping[str, Tensor]]) -> str:
    return ", ".join(f"{path} ({len(state)} arrays)" for path, state in found.items()) or "none"


def _without(tree: Any, source: str) -> str:
    cure = "save model.state_dict() with torch.save"
    if isinstance(tree, Skipped):
        return f"{source} holds a whole object ({tree.name}), whose code is not run, and no state dict; {cure}"
    if isinstance(tree, dict) and tree and all(isinstance(key, str) and key.isprintable() for key in tree):
        held = ", ".join(f"{key} is {_kind(value)}" for key, value in list(tree.items())[:8])
        return f"{source} holds no state dict: {held}; {cure}"
    return f"{source} holds no state dict; {cure}"


def _kind(value: Any) -> str:
    return value.name if isinstance(value, Skipped) else "dict" if isinstance(value, dict) else type(value).__name__
