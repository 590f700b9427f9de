"""PySOT's and DROL's configuration files, translated into our layout.

Absent keys have the defaults of DROL's `pysot/core/config.py`, which are PySOT's where PySOT has the key; a file of
PySOT proper never mentions the online subnet, whose default there is off. What a tracker never reads (training,
data, logging, plots, other trackers' options) is accepted and has no effect. What it does read and we cannot honour
is an error, never ignored.
"""

import ast
from collections.abc import Mapping
from typing import Any

from drol_jax.settings.nanotrack_yaml import is_nanotrack, translate_nanotrack
from drol_jax.settings.places import Source
from drol_jax.settings.pysot_keys import FIXED, INERT_SECTIONS, KEYS, LISTS, MOVES, OTHER_DEFAULTS, SECTIONS
from drol_jax.settings.pysot_model import NAMES, Get, model_tree, unsupported
from drol_jax.system.names import hint

LONG_TERM = "SiamRPNLTTracker"


def is_pysot(tree: Mapping[str, Any]) -> bool:
    """Whether this is PySOT's layout: it alone writes its sections in capitals."""
    return any(key.isupper() for key in tree)


def translate(tree: Mapping[str, Any], source: Source) -> tuple[dict[str, Any], dict[str, str]]:
    """A PySOT or DROL configuration in our layout.

    Args:
      tree: the file's content.
      source: the file, for messages.

    Returns:
      Our tree, and for messages about it PySOT's key of every path.

    Raises:
      UserError: an unknown key, or a key or value that we cannot honour.
    """
    if is_nanotrack(tree):
        return translate_nanotrack(tree, source)
    get = _reader(tree, source)
    ours: dict[str, Any] = {"model": model_tree(get, source), "online": _online(get, source)}
    long_term = _tracker(get, source) == LONG_TERM
    for key, honoured in FIXED.items():
        # `in` alone would take 1 for True.
        if not any(type(get(key)) is type(value) and get(key) == value for value in honoured):
            raise unsupported(source, key, get(key), f"{honoured[0]!r}")
    for key, (path, _) in MOVES.items():
        _put(ours, path, get(key))
    for key, (path, _) in LISTS.items():
        _put(ours, path, [] if get(key) is False or get(key) is None else get(key))
    if get("RPN.RPN") is False and get("TRACK.TOTAL_STRIDE") != get("ANCHOR.STRIDE"):
        raise unsupported(source, "TRACK.TOTAL_STRIDE", get("TRACK.TOTAL_STRIDE"), "ANCHOR.STRIDE's value")
    # The trackers read TEMPLATE_UPDATE together with USE_CLASSIFIER only, and the long-term one not at all.
    reads = get("TRACK.USE_CLASSIFIER") is True and not long_term
    ours["template"] = {"update": get("TRACK.TEMPLATE_UPDATE") if reads else False}
    ours["long_term"]["enabled"] = long_term
    names = {path: key for group in (MOVES, LISTS) for key, (path, _) in group.items()}
    names |= {"online.kernel_size": "TRACK.KERNEL_SIZE", "online.cg_iterations": "TRACK.INIT_CG_ITER"}
    names |= {"online.dropout_samples": "TRACK.AUGMENTATION_DROUPOUT[0]", "template.update": "TRACK.TEMPLATE_UPDATE"}
    return ours, names | NAMES | {"online.dropout_rate": "TRACK.AUGMENTATION_DROUPOUT[1]"}


def translate_model(tree: Mapping[str, Any], source: Source) -> tuple[dict[str, Any], dict[str, str]]:
    """As `translate`, the `model` section only: whatever tracker the file asks for."""
    if is_nanotrack(tree):
        ours, names = translate_nanotrack(tree, source)
        return {"model": ours["model"]}, names
    get = _reader(tree, source)
    ours: dict[str, Any] = {"model": model_tree(get, source)}
    names = dict(NAMES)
    for key, (path, _) in MOVES.items():
        if path.startswith("model."):
            _put(ours, path, get(key))
            names[path] = key
    return ours, names


def _reader(tree: Mapping[str, Any], source: Source) -> Get:
    given = _flatten(tree, source)

    def get(key: str) -> Any:
        if key in given:
            return given[key]
        for group in (MOVES, LISTS):
            if key in group:
                return group[key][1]
        return OTHER_DEFAULTS[key] if key in OTHER_DEFAULTS else FIXED[key][0]

    return get


def _flatten(tree: Mapping[str, Any], source: Source) -> dict[str, Any]:
    """SECTION.KEY -> value, every key known; text that spells a Python value is that value, as in PySOT's yacs."""
    flat: dict[str, Any] = {}
    for section, content in tree.items():
        if section in KEYS:
            flat[section] = _literal(content)
        elif section not in SECTIONS:
            choices = SECTIONS | {key for key in KEYS if "." not in key}
            raise source.error((section, f"unknown key {section}{hint(section, choices)}"))
        elif section not in INERT_SECTIONS:
            if not isinstance(content, Mapping):
                raise source.error((section, f"{section} is {content!r}, wanted a mapping of settings"))
            flat |= {f"{section}.{key}": _literal(value) for key, value in content.items()}
    for key in flat:
        if key not in KEYS:
            siblings = [k for k in KEYS if k.startswith(key.split(".")[0] + ".")]
            raise source.error((key, f"unknown key {key}{hint(key, siblings)}"))
    return flat


def _literal(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = ast.literal_eval(value)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return value
    return _listed(value)


def _listed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _literal(inner) for key, inner in value.items()}
    return [_listed(inner) for inner in value] if isinstance(value, list | tuple) else value


def _tracker(get: Get, source: Source) -> str:
    """TRACK.TYPE, one that this network can be run by."""
    if get("RPN.RPN") is not True:
        fitting: tuple[str, ...] = ("SiamFCTracker",)
    else:
        fitting = ("SiamMaskTracker",) if get("MASK.MASK") is True else ("SiamRPNTracker", LONG_TERM)
    if get("TRACK.TYPE") not in fitting:
        network = f"RPN.RPN {get('RPN.RPN')} and MASK.MASK {get('MASK.MASK')}"
        raise unsupported(source, "TRACK.TYPE", get("TRACK.TYPE"), f"{' or '.join(fitting)} with {network}")
    return get("TRACK.TYPE")


def _online(get: Get, source: Source) -> dict[str, Any]:
    layer, channel, spatial = (
        get(f"TRACK.{name}") for name in ("USE_ATTENTION_LAYER", "CHANNEL_ATTENTION", "SPATIAL_ATTENTION")
    )
    for name, value in (("USE_ATTENTION_LAYER", layer), ("CHANNEL_ATTENTION", channel)):
        if type(value) is not bool:
            raise unsupported(source, f"TRACK.{name}", value, "true or false")
    if spatial not in ("none", "pool"):
        raise unsupported(source, "TRACK.SPATIAL_ATTENTION", spatial, "none or pool")
    attention = {(False, "none"): "none", (True, "none"): "channel", (False, "pool"): "spatial"}
    size, dropout = get("TRACK.KERNEL_SIZE"), get("TRACK.AUGMENTATION_DROUPOUT")
    if not isinstance(size, list) or len(size) != 2 or size[0] != size[1]:
        raise unsupported(source, "TRACK.KERNEL_SIZE", size, "two equal numbers")
    if dropout is not False and (not isinstance(dropout, list) or len(dropout) != 2):
        raise unsupported(source, "TRACK.AUGMENTATION_DROUPOUT", dropout, "samples and rate, or false")
    samples, rate = dropout or (0, 0.0)
    total, rounds = get("TRACK.INIT_CG_ITER"), get("TRACK.INIT_GN_ITER")
    for name, value in (("INIT_CG_ITER", total), ("INIT_GN_ITER", rounds)):
        if type(value) is not int or value < 1:
            raise unsupported(source, f"TRACK.{name}", value, "a positive whole number")
    return {
        "attention": attention.get((channel, spatial), "dual") if layer else "none",
        "kernel_size": size[0],
        "dropout_samples": samples,
        "dropout_rate": rate,
        "cg_iterations": total // rounds,
    }


def _put(tree: dict[str, Any], path: str, value: Any) -> None:
    *sections, leaf = path.split(".")
    for section in sections:
        tree = tree.setdefault(section, {})
    tree[leaf] = value
