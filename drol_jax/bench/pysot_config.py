"""Our settings as a PySOT or DROL configuration: what `drol_jax.settings.pysot_yaml` reads, written."""

from typing import Any

from drol_jax.config import Attention, ModelConfig
from drol_jax.errors import UserError
from drol_jax.nets.backbones.resnet import level_channels as resnet_channels
from drol_jax.settings import Settings, to_dict
from drol_jax.settings.pysot_keys import LISTS, MOVES
from drol_jax.settings.pysot_model import ALEXNETS, COARSE_MASK, EXPANSIONS, FINE, FUSIONS, MOBILE_CHANNELS

ATTENTION: dict[Attention, tuple[bool, bool, str]] = {
    "none": (False, False, "none"),
    "channel": (True, True, "none"),
    "spatial": (True, False, "pool"),
    "dual": (True, True, "pool"),
}
"""Ours -> USE_ATTENTION_LAYER, CHANNEL_ATTENTION, SPATIAL_ATTENTION."""


def pysot_tree(settings: Settings) -> dict[str, dict[str, Any]]:
    """SECTION -> KEY -> value, with every key of DROL's that a tracker reads.

    Raises:
      UserError: PySOT has no such network.
    """
    ours = to_dict(settings)
    tree: dict[str, dict[str, Any]] = _network(settings.config.model, settings.name)
    tree |= {"ANCHOR": {}, "TRACK": {"TYPE": _tracker(settings)}}
    for key, (path, _) in (MOVES | LISTS).items():
        section, name = key.split(".")
        value: Any = ours
        for step in path.split("."):
            value = value[step]
        tree[section][name] = value
    tree["ANCHOR"]["ANCHOR_NUM"] = settings.config.model.anchors_per_cell
    tree["TRACK"]["TOTAL_STRIDE"] = settings.config.search.stride
    return tree | {"TRACK": tree["TRACK"] | _subnet(settings)}


def _tracker(settings: Settings) -> str:
    model = settings.config.model
    if model.head == "siamfc":
        return "SiamFCTracker"
    if model.mask:
        return "SiamMaskTracker"
    return "SiamRPNLTTracker" if settings.config.long_term.enabled else "SiamRPNTracker"


def _subnet(settings: Settings) -> dict[str, Any]:
    online = settings.config.online
    layer, channel, spatial = ATTENTION[online.attention]
    return {
        "USE_ATTENTION_LAYER": layer,
        "CHANNEL_ATTENTION": channel,
        "SPATIAL_ATTENTION": spatial,
        "KERNEL_SIZE": [online.kernel_size] * 2,
        "AUGMENTATION_DROUPOUT": [online.dropout_samples, online.dropout_rate],
        "INIT_CG_ITER": online.gauss_newton_rounds * online.cg_iterations,
        "TEMPLATE_UPDATE": settings.config.template.update,
    }


def _network(model: ModelConfig, name: str) -> dict[str, dict[str, Any]]:
    tree: dict[str, dict[str, Any]] = {
        "ADJUST": {"ADJUST": False, "LAYER": 1, "FUSE": "avg"},
        "MASK": {"MASK": False},
        "REFINE": {"REFINE": False},
        "RPN": {"RPN": model.head != "siamfc"},
    }
    channels: list[int]
    if model.online_layers:
        raise UserError(f"configuration {name}: PySOT and DROL know no online_layers; leave it out of --against")
    if model.backbone in ALEXNETS:
        tree["BACKBONE"] = {"TYPE": model.backbone, "KWARGS": {"width_mult": model.width}}
        channels = [int(256 * model.width)]
    elif model.backbone in EXPANSIONS or model.backbone == "mobilenetv2":
        layers, channels = list(model.layers), list(model.adjust_channels)
        kwargs: dict[str, Any] = {"used_layers": (FINE if model.mask else []) + layers}
        if model.backbone == "mobilenetv2":
            given = [int(MOBILE_CHANNELS[i] * model.width) for i in layers]
            kwargs["width_mult"] = model.width
        else:
            given = [resnet_channels(model.backbone, i) for i in layers]
        tree["BACKBONE"] = {"TYPE": model.backbone, "KWARGS": kwargs}
        tree["ADJUST"] = {"ADJUST": True, "TYPE": "AdjustAllLayer", **_seen(model)}
        tree["ADJUST"]["KWARGS"] = {"in_channels": given, "out_channels": channels}
    else:
        raise UserError(f"configuration {name}: PySOT and DROL have no {model.backbone}; leave it out of --against")
    return tree | _heads(model, channels)


def _seen(model: ModelConfig) -> dict[str, Any]:
    """What the online subnet sees."""
    if model.online_feature == "level":
        return {"LAYER": model.online_level + 1, "FUSE": "avg"}
    return {"LAYER": 0, "FUSE": next(theirs for theirs, ours in FUSIONS.items() if ours == model.online_feature)}


def _heads(model: ModelConfig, channels: list[int]) -> dict[str, dict[str, Any]]:
    if model.head == "siamfc":
        return {}
    kwargs: dict[str, Any] = {"anchor_num": model.anchors_per_cell}
    if model.head == "multi_rpn":
        kind, kwargs = "MultiRPN", kwargs | {"in_channels": channels, "weighted": model.weighted}
    elif model.head == "depthwise_rpn":
        kind, kwargs = "DepthwiseRPN", kwargs | {"in_channels": channels[0], "out_channels": model.head_channels}
    else:
        kind, kwargs = "UPChannelRPN", kwargs | {"feature_in": channels[0]}
    tree: dict[str, dict[str, Any]] = {"RPN": {"RPN": True, "TYPE": kind, "KWARGS": kwargs}}
    if model.mask:
        hidden = {"in_channels": channels[0], "hidden": model.head_channels, "out_channels": COARSE_MASK}
        tree["MASK"] = {"MASK": True, "TYPE": "MaskCorr", "KWARGS": hidden}
        tree["REFINE"] = {"REFINE": True, "TYPE": "Refine"}
    return tree
