"""The network that a PySOT or DROL configuration describes, in our layout."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from drol_jax.config.backbones import BACKBONES, BackboneFacts
from drol_jax.config.heads import COARSE_MASK, FINE_OUTPUTS, HEADS, Head
from drol_jax.errors import UserError
from drol_jax.settings.places import Source
from drol_jax.system.names import hint

Get = Callable[[str], Any]
"""PySOT's key -> its value in the file, or PySOT's default."""


class PysotHead(NamedTuple):
    """How PySOT writes a head: RPN.TYPE is the key of `PYSOT_HEADS`, RPN.KWARGS are these."""

    head: Head
    channels: str
    """Key of the channels of the features that it sees; a list of them where it sees several."""
    options: Mapping[str, tuple[str, Any]]
    """Further keys: our field of `ModelConfig`, and PySOT's default."""
    fused: bool
    """It knows the key `fused`, of which only `none` is supported."""


PYSOT_HEADS: Mapping[str, PysotHead] = {
    "MultiRPN": PysotHead("multi_rpn", "in_channels", {"weighted": ("weighted", False)}, True),
    "DepthwiseRPN": PysotHead("depthwise_rpn", "in_channels", {"out_channels": ("head_channels", 256)}, True),
    "UPChannelRPN": PysotHead("upchannel_rpn", "feature_in", {}, False),
}
FUSIONS = {"avg": "mean", "wavg": "weighted", "con": "concat"}
NAMES = {
    "model.backbone": "BACKBONE.TYPE",
    "model.width": "BACKBONE.KWARGS.width_mult",
    "model.layers": "BACKBONE.KWARGS.used_layers",
    "model.adjust_channels": "ADJUST.KWARGS.out_channels",
    "model.head": "RPN.TYPE",
    "model.head_channels": "RPN.KWARGS.out_channels",
    "model.weighted": "RPN.KWARGS.weighted",
    "model.online_feature": "ADJUST.FUSE",
    "model.online_level": "ADJUST.LAYER",
    "model.mask": "MASK.MASK",
}
"""Our path -> PySOT's key, for messages."""


def model_tree(get: Get, source: Source) -> dict[str, Any]:
    """The `model` section of our layout, but for the anchors.

    Raises:
      UserError: a key or value that we cannot honour.
    """
    for key in ("ADJUST.ADJUST", "MASK.MASK", "REFINE.REFINE", "RPN.RPN"):
        if type(get(key)) is not bool:
            raise unsupported(source, key, get(key), "true or false")
    backbone = get("BACKBONE.TYPE")
    facts = {str(name): facts for name, facts in BACKBONES.items()}.get(backbone) if isinstance(backbone, str) else None
    if facts is None or not facts.in_pysot:
        *known, last = (name for name, facts in BACKBONES.items() if facts.in_pysot)
        raise unsupported(source, "BACKBONE.TYPE", backbone, f"{', '.join(known)} or {last}")
    model, channels = (_deep if facts.stages else _shallow)(get, source, facts)
    model = {"backbone": backbone, **model}
    if get("RPN.RPN") is False:
        if facts.stages:
            raise unsupported(source, "RPN.RPN", False, f"true with {backbone}")
        return model | {"head": "siamfc"}
    model |= _head(get, source, channels)
    return model | _mask(get, source, channels, model) if get("MASK.MASK") else model


def _shallow(get: Get, source: Source, facts: BackboneFacts) -> tuple[dict[str, Any], list[Any]]:
    width = kwargs_of(get, source, "BACKBONE.KWARGS", ("width_mult",)).get("width_mult", 1)
    only(source, "ADJUST.ADJUST", get("ADJUST.ADJUST"), False)
    only(source, "MASK.MASK", get("MASK.MASK"), False)
    layer = get("ADJUST.LAYER")
    if type(layer) is not int or layer < 1:
        raise unsupported(source, "ADJUST.LAYER", layer, "1 or more: the backbone has one feature map")
    return {"width": width}, [_channels(facts, facts.last, width)]


def _deep(get: Get, source: Source, facts: BackboneFacts) -> tuple[dict[str, Any], list[Any]]:
    names = ("used_layers", "width_mult") if facts.scalable else ("used_layers",)
    kwargs = kwargs_of(get, source, "BACKBONE.KWARGS", names)
    layers, width = kwargs.get("used_layers", [*facts.pysot_stages] or None), kwargs.get("width_mult", 1)
    if not isinstance(layers, list) or not layers or any(i not in range(facts.last + 1) for i in layers):
        raise unsupported(source, "BACKBONE.KWARGS.used_layers", layers, f"a list of numbers, 0 to {facts.last}")
    if get("MASK.MASK"):
        if layers[:3] != [*FINE_OUTPUTS] or len(layers) != 4:
            raise unsupported(source, "BACKBONE.KWARGS.used_layers", layers, "[0, 1, 2, 3] with MASK.MASK")
        layers = layers[3:]
    only(source, "ADJUST.ADJUST", get("ADJUST.ADJUST"), True)
    only(source, "ADJUST.TYPE", get("ADJUST.TYPE"), "AdjustAllLayer")
    adjust = kwargs_of(get, source, "ADJUST.KWARGS", ("in_channels", "out_channels"))
    given = [_channels(facts, i, width) for i in layers]
    only(source, "ADJUST.KWARGS.in_channels", adjust.get("in_channels"), given)
    channels = adjust.get("out_channels")
    if not isinstance(channels, list) or len(channels) != len(layers):
        raise unsupported(source, "ADJUST.KWARGS.out_channels", channels, f"a list of {len(layers)} numbers")
    model = {"width": width, "layers": layers, "adjust_channels": channels}
    return model | _online_feature(get, source, len(layers)), channels


def _channels(facts: BackboneFacts, output: int, width: Any) -> int | None:
    """Channels of an output; None where the width is no such number."""
    sensible = isinstance(width, int | float) and abs(width) < 1e6
    return int(facts.channels[output] * width) if sensible else None


def _online_feature(get: Get, source: Source, count: int) -> dict[str, Any]:
    layer, fuse = get("ADJUST.LAYER"), get("ADJUST.FUSE")
    if type(layer) is not int or not (0 if count > 1 else 1) <= layer:
        raise unsupported(source, "ADJUST.LAYER", layer, "1 or more" + ", or 0 for all of them" * (count > 1))
    if layer > 0:
        # With one level PySOT takes that one, whatever the number.
        return {"online_level": layer - 1 if count > 1 else 0}
    if fuse not in FUSIONS:
        raise unsupported(source, "ADJUST.FUSE", fuse, "avg, wavg or con")
    return {"online_feature": FUSIONS[fuse]}


def _head(get: Get, source: Source, channels: list[Any]) -> dict[str, Any]:
    kind, several = get("RPN.TYPE"), len(channels) > 1
    theirs = PYSOT_HEADS.get(kind) if isinstance(kind, str) else None
    if theirs is None or HEADS[theirs.head].several != several:
        fitting = " or ".join(name for name, of in PYSOT_HEADS.items() if HEADS[of.head].several == several)
        raise unsupported(source, "RPN.TYPE", kind, f"{fitting} with {'several levels' if several else 'one level'}")
    names = ("anchor_num", theirs.channels, *theirs.options, *["fused"] * theirs.fused)
    kwargs, wanted = kwargs_of(get, source, "RPN.KWARGS", names), channels if several else channels[0]
    given = kwargs.get(theirs.channels, None if several else 256)
    only(source, f"RPN.KWARGS.{theirs.channels}", given, wanted)
    only(source, "RPN.KWARGS.fused", kwargs.get("fused", "none"), "none")
    model: dict[str, Any] = {"head": theirs.head}
    model |= {ours: kwargs.get(key, default) for key, (ours, default) in theirs.options.items()}
    ratios, scales = get("ANCHOR.RATIOS"), get("ANCHOR.SCALES")
    if isinstance(ratios, list) and isinstance(scales, list):
        anchors = len(ratios) * len(scales)
        only(source, "RPN.KWARGS.anchor_num", kwargs.get("anchor_num", 5), anchors)
        only(source, "ANCHOR.ANCHOR_NUM", get("ANCHOR.ANCHOR_NUM") or anchors, anchors)
    return model


def _mask(get: Get, source: Source, channels: list[Any], model: dict[str, Any]) -> dict[str, Any]:
    only(source, "MASK.TYPE", get("MASK.TYPE"), "MaskCorr")
    only(source, "REFINE.REFINE", get("REFINE.REFINE"), True)
    only(source, "REFINE.TYPE", get("REFINE.TYPE"), "Refine")
    kwargs = kwargs_of(get, source, "MASK.KWARGS", ("in_channels", "hidden", "out_channels", "fused"))
    wanted = {"in_channels": channels[0], "hidden": model.get("head_channels"), "out_channels": COARSE_MASK**2}
    for name, value in wanted.items():
        only(source, f"MASK.KWARGS.{name}", kwargs.get(name), value)
    only(source, "MASK.KWARGS.fused", kwargs.get("fused", "none"), "none")
    return {"mask": True}


def kwargs_of(get: Get, source: Source, key: str, names: tuple[str, ...]) -> dict[str, Any]:
    """A mapping of settings that holds no others than these."""
    kwargs = get(key)
    if not isinstance(kwargs, dict):
        raise unsupported(source, key, kwargs, "a mapping of settings")
    for name in kwargs:
        if name not in names:
            known = {n: f"{key}.{n}" for n in names}
            raise source.error((f"{key}.{name}", f"unknown key {key}.{name}{hint(name, known)}"))
    return kwargs


def only(source: Source, key: str, value: Any, wanted: Any) -> None:
    """Refuse any other value than the wanted one."""
    if value != wanted:
        raise unsupported(source, key, value, f"{wanted!r}")


def unsupported(source: Source, key: str, value: Any, wanted: str) -> UserError:
    return source.error((key, f"{key} is {value!r}, which drol_jax does not support; supported: {wanted}"))
