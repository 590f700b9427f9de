"""PySOT's and DROL's configuration files, translated into our layout.

Absent keys have the defaults of DROL's `pysot/core/config.py`, which are PySOT's where PySOT has the key; a file of
PySOT proper never mentions the online subnet, whose default there is off. What a tracker never reads (training,
data, logging, plots, other trackers' options) is accepted and has no effect. What it does read and we cannot honour
is an error, never ignored.
"""

import ast
from collections.abc import Callable, Mapping
from typing import Any

from drol_jax.errors import UserError
from drol_jax.settings.pysot_keys import FIXED, INERT_SECTIONS, KEYS, LISTS, MOVES, OTHER_DEFAULTS, SECTIONS
from drol_jax.settings.yaml_file import nearest

Get = Callable[[str], Any]


def is_pysot(tree: Mapping[str, Any]) -> bool:
    """Whether this is PySOT's layout: it alone writes its sections in capitals."""
    return any(key.isupper() for key in tree)


def translate(tree: Mapping[str, Any], source: str) -> tuple[dict[str, Any], dict[str, str]]:
    """A PySOT or DROL configuration in our layout.

    Args:
      tree: the file's content.
      source: what to call the file in messages.

    Returns:
      Our tree, and for messages about it PySOT's key of every path.

    Raises:
      UserError: an unknown key, or a key or value that we cannot honour.
    """
    given = _flatten(tree, source)

    def get(key: str) -> Any:
        if key in given:
            return given[key]
        for group in (MOVES, LISTS):
            if key in group:
                return group[key][1]
        return OTHER_DEFAULTS[key] if key in OTHER_DEFAULTS else FIXED[key][0]

    ours: dict[str, Any] = {"model": _model(get, source), "online": _online(get, source)}
    for key, honoured in FIXED.items():
        # `in` alone would take 1 for True.
        if not any(type(get(key)) is type(value) and get(key) == value for value in honoured):
            raise _unsupported(source, key, get(key), f"{honoured[0]!r}")
    for key, (path, _) in MOVES.items():
        _put(ours, path, get(key))
    for key, (path, _) in LISTS.items():
        _put(ours, path, [] if get(key) is False or get(key) is None else get(key))
    if get("RPN.RPN") is False and get("TRACK.TOTAL_STRIDE") != get("ANCHOR.STRIDE"):
        raise _unsupported(source, "TRACK.TOTAL_STRIDE", get("TRACK.TOTAL_STRIDE"), "ANCHOR.STRIDE's value")
    # The trackers read TEMPLATE_UPDATE together with USE_CLASSIFIER only.
    ours["template"] = {"update": get("TRACK.TEMPLATE_UPDATE") if get("TRACK.USE_CLASSIFIER") is True else False}
    names = {path: key for group in (MOVES, LISTS) for key, (path, _) in group.items()}
    names |= {"model.width": "BACKBONE.KWARGS.width_mult", "model.head_channels": "RPN.KWARGS.out_channels"}
    names |= {"online.kernel_size": "TRACK.KERNEL_SIZE", "online.cg_iterations": "TRACK.INIT_CG_ITER"}
    names |= {"online.dropout_samples": "TRACK.AUGMENTATION_DROUPOUT[0]", "template.update": "TRACK.TEMPLATE_UPDATE"}
    return ours, names | {"online.dropout_rate": "TRACK.AUGMENTATION_DROUPOUT[1]"}


def _flatten(tree: Mapping[str, Any], source: str) -> dict[str, Any]:
    """SECTION.KEY -> value, every key known; text that spells a Python value is that value, as in PySOT's yacs."""
    flat: dict[str, Any] = {}
    for section, content in tree.items():
        if section in KEYS:
            flat[section] = _literal(content)
        elif section not in SECTIONS:
            choices = SECTIONS | {key for key in KEYS if "." not in key}
            raise UserError(f"{source}: unknown key {section} (nearest valid key: {nearest(section, choices)})")
        elif section not in INERT_SECTIONS:
            if not isinstance(content, Mapping):
                raise UserError(f"{source}: {section} is {content!r}, wanted a mapping of settings")
            flat |= {f"{section}.{key}": _literal(value) for key, value in content.items()}
    for key in flat:
        if key not in KEYS:
            siblings = [k for k in KEYS if k.startswith(key.split(".")[0] + ".")]
            raise UserError(f"{source}: unknown key {key} (nearest valid key: {nearest(key, siblings)})")
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


def _model(get: Get, source: str) -> dict[str, Any]:
    backbone, head = get("BACKBONE.TYPE"), get("RPN.TYPE")
    if backbone not in ("alexnet", "alexnetlegacy", "alexnetlegacy2"):
        raise _unsupported(source, "BACKBONE.TYPE", backbone, "alexnet, alexnetlegacy or alexnetlegacy2")
    kwargs = _kwargs(get, source, "BACKBONE.KWARGS", ("width_mult",))
    model: dict[str, Any] = {"backbone": backbone, "width": kwargs.get("width_mult", 1)}
    layer = get("ADJUST.LAYER")
    if type(layer) is not int or layer < 1:
        raise _unsupported(source, "ADJUST.LAYER", layer, "1 or more: an AlexNet has one feature map")
    tracker = "SiamRPNTracker" if get("RPN.RPN") is True else "SiamFCTracker"
    if type(get("RPN.RPN")) is not bool:
        raise _unsupported(source, "RPN.RPN", get("RPN.RPN"), "true or false")
    if get("TRACK.TYPE") != tracker:
        wanted = f"{tracker} with RPN.RPN {get('RPN.RPN')}"
        raise _unsupported(source, "TRACK.TYPE", get("TRACK.TYPE"), wanted)
    if tracker == "SiamFCTracker":
        return model | {"head": "siamfc"}
    width = model["width"]
    features = int(256 * width) if isinstance(width, int | float) and abs(width) < 1e6 else None
    if head == "DepthwiseRPN":
        kwargs = _kwargs(get, source, "RPN.KWARGS", ("anchor_num", "in_channels", "out_channels", "fused"))
        _only(source, "RPN.KWARGS.in_channels", kwargs.get("in_channels", 256), features)
        _only(source, "RPN.KWARGS.fused", kwargs.get("fused", "none"), "none")
        model |= {"head": "depthwise_rpn", "head_channels": kwargs.get("out_channels", 256)}
    elif head == "UPChannelRPN":
        kwargs = _kwargs(get, source, "RPN.KWARGS", ("anchor_num", "feature_in"))
        _only(source, "RPN.KWARGS.feature_in", kwargs.get("feature_in", 256), features)
        model |= {"head": "upchannel_rpn"}
    else:
        raise _unsupported(source, "RPN.TYPE", head, "DepthwiseRPN or UPChannelRPN")
    ratios, scales = get("ANCHOR.RATIOS"), get("ANCHOR.SCALES")
    if isinstance(ratios, list) and isinstance(scales, list):
        anchors = len(ratios) * len(scales)
        _only(source, "RPN.KWARGS.anchor_num", kwargs.get("anchor_num", 5), anchors)
        _only(source, "ANCHOR.ANCHOR_NUM", get("ANCHOR.ANCHOR_NUM") or anchors, anchors)
    return model


def _online(get: Get, source: str) -> dict[str, Any]:
    layer, channel, spatial = (
        get(f"TRACK.{name}") for name in ("USE_ATTENTION_LAYER", "CHANNEL_ATTENTION", "SPATIAL_ATTENTION")
    )
    for name, value in (("USE_ATTENTION_LAYER", layer), ("CHANNEL_ATTENTION", channel)):
        if type(value) is not bool:
            raise _unsupported(source, f"TRACK.{name}", value, "true or false")
    if spatial not in ("none", "pool"):
        raise _unsupported(source, "TRACK.SPATIAL_ATTENTION", spatial, "none or pool")
    attention = {(False, "none"): "none", (True, "none"): "channel", (False, "pool"): "spatial"}
    size, dropout = get("TRACK.KERNEL_SIZE"), get("TRACK.AUGMENTATION_DROUPOUT")
    if not isinstance(size, list) or len(size) != 2 or size[0] != size[1]:
        raise _unsupported(source, "TRACK.KERNEL_SIZE", size, "two equal numbers")
    if dropout is not False and (not isinstance(dropout, list) or len(dropout) != 2):
        raise _unsupported(source, "TRACK.AUGMENTATION_DROUPOUT", dropout, "samples and rate, or false")
    samples, rate = dropout or (0, 0.0)
    total, rounds = get("TRACK.INIT_CG_ITER"), get("TRACK.INIT_GN_ITER")
    for name, value in (("INIT_CG_ITER", total), ("INIT_GN_ITER", rounds)):
        if type(value) is not int or value < 1:
            raise _unsupported(source, f"TRACK.{name}", value, "a positive whole number")
    return {
        "attention": attention.get((channel, spatial), "dual") if layer else "none",
        "kernel_size": size[0],
        "dropout_samples": samples,
        "dropout_rate": rate,
        "cg_iterations": total // rounds,
    }


def _kwargs(get: Get, source: str, key: str, names: tuple[str, ...]) -> dict[str, Any]:
    kwargs = get(key)
    if not isinstance(kwargs, dict):
        raise _unsupported(source, key, kwargs, "a mapping of settings")
    for name in kwargs:
        if name not in names:
            raise UserError(f"{source}: unknown key {key}.{name} (nearest valid key: {key}.{nearest(name, names)})")
    return kwargs


def _only(source: str, key: str, value: Any, wanted: Any) -> None:
    if value != wanted:
        raise _unsupported(source, key, value, f"{wanted!r}")


def _unsupported(source: str, key: str, value: Any, wanted: str) -> UserError:
    return UserError(f"{source}: {key} is {value!r}, which drol_jax does not support; supported: {wanted}")


def _put(tree: dict[str, Any], path: str, value: Any) -> None:
    *sections, leaf = path.split(".")
    for section in sections:
        tree = tree.setdefault(section, {})
    tree[leaf] = value
