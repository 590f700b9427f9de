"""Our settings as a PySOT or DROL configuration: what `drol_jax.settings.pysot_yaml` reads, written."""

from typing import Any

from drol_jax.config import Attention, ModelConfig
from drol_jax.config.heads import COARSE_MASK, FINE_OUTPUTS
from drol_jax.config.network import backbone_facts, head_facts, level_channels
from drol_jax.errors import UserError
from drol_jax.settings import Settings, to_dict
from drol_jax.settings.pysot_keys import LISTS, MOVES
from drol_jax.settings.pysot_model import FUSIONS, PYSOT_HEADS

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
    if head_facts(model).family == "peak":
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
    facts = backbone_facts(model)
    if model.online_layers:
        raise UserError(f"configuration {name}: PySOT and DROL know no online_layers; leave it out of --against")
    if not (facts.in_pysot and head_facts(model).in_pysot):
        missing = model.head if facts.in_pysot else model.backbone
        raise UserError(f"configuration {name}: PySOT and DROL have no {missing}; leave it out of --against")
    kwargs: dict[str, Any] = {"width_mult": model.width} if facts.scalable or not facts.stages else {}
    adjust: dict[str, Any] = {"ADJUST": False, "LAYER": 1, "FUSE": "avg"}
    if facts.stages:
        kwargs["used_layers"] = [*(FINE_OUTPUTS if model.mask else ()), *model.layers]
        given = [facts.channels_of(i, model.width) for i in model.layers]
        adjust = {"ADJUST": True, "TYPE": "AdjustAllLayer", **_seen(model)}
        adjust["KWARGS"] = {"in_channels": given, "out_channels": list(model.adjust_channels)}
    tree: dict[str, dict[str, Any]] = {
        "ADJUST": adjust,
        "MASK": {"MASK": False},
        "REFINE": {"REFINE": False},
        "RPN": {"RPN": False},
        "BACKBONE": {"TYPE": model.backbone, "KWARGS": kwargs},
    }
    return tree | _heads(model)


def _seen(model: ModelConfig) -> dict[str, Any]:
    """What the online subnet sees."""
    if model.online_feature == "level":
        return {"LAYER": model.online_level + 1, "FUSE": "avg"}
    return {"LAYER": 0, "FUSE": next(theirs for theirs, ours in FUSIONS.items() if ours == model.online_feature)}


def _heads(model: ModelConfig) -> dict[str, dict[str, Any]]:
    channels = list(level_channels(model))
    kind, theirs = next(((k, of) for k, of in PYSOT_HEADS.items() if of.head == model.head), (None, None))
    if theirs is None:
        return {}
    kwargs: dict[str, Any] = {
        "anchor_num": model.anchors_per_cell,
        theirs.channels: channels if head_facts(model).several else channels[0],
    }
    kwargs |= {key: getattr(model, ours) for key, (ours, _) in theirs.options.items()}
    tree: dict[str, dict[str, Any]] = {"RPN": {"RPN": True, "TYPE": kind, "KWARGS": kwargs}}
    if model.mask:
        hidden = {"in_channels": channels[0], "hidden": model.head_channels, "out_channels": COARSE_MASK**2}
        tree["MASK"] = {"MASK": True, "TYPE": "MaskCorr", "KWARGS": hidden}
        tree["REFINE"] = {"REFINE": True, "TYPE": "Refine"}
    return tree
