"""The network that a PySOT or DROL configuration describes, in our layout."""

from collections.abc import Callable
from typing import Any

from drol_jax.errors import UserError
from drol_jax.system.names import hint

Get = Callable[[str], Any]
"""PySOT's key -> its value in the file, or PySOT's default."""

ALEXNETS = ("alexnet", "alexnetlegacy", "alexnetlegacy2")
EXPANSIONS = {"resnet18": 1, "resnet34": 1, "resnet50": 4}
"""Channels of a ResNet's stage over 32 * 2 ** stage."""
MOBILE_CHANNELS = (32, 16, 24, 32, 64, 96, 160, 320)
FUSIONS = {"avg": "mean", "wavg": "weighted", "con": "concat"}
FINE = [0, 1, 2]
"""The outputs that SiamMask's decoder takes, before the neck's one."""
COARSE_MASK = 63 * 63
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


def model_tree(get: Get, source: str) -> dict[str, Any]:
    """The `model` section of our layout, but for the anchors.

    Raises:
      UserError: a key or value that we cannot honour.
    """
    for key in ("ADJUST.ADJUST", "MASK.MASK", "REFINE.REFINE", "RPN.RPN"):
        if type(get(key)) is not bool:
            raise unsupported(source, key, get(key), "true or false")
    backbone = get("BACKBONE.TYPE")
    if backbone in ALEXNETS:
        model, channels = _alexnet(get, source, backbone)
    elif backbone in EXPANSIONS or backbone == "mobilenetv2":
        model, channels = _deep(get, source, backbone)
    else:
        known = ", ".join((*ALEXNETS, *EXPANSIONS))
        raise unsupported(source, "BACKBONE.TYPE", backbone, f"{known} or mobilenetv2")
    if get("RPN.RPN") is False:
        if backbone not in ALEXNETS:
            raise unsupported(source, "RPN.RPN", False, f"true with {backbone}")
        return model | {"head": "siamfc"}
    model |= _head(get, source, channels)
    return model | _mask(get, source, channels, model) if get("MASK.MASK") else model


def _alexnet(get: Get, source: str, backbone: str) -> tuple[dict[str, Any], list[Any]]:
    width = kwargs_of(get, source, "BACKBONE.KWARGS", ("width_mult",)).get("width_mult", 1)
    only(source, "ADJUST.ADJUST", get("ADJUST.ADJUST"), False)
    only(source, "MASK.MASK", get("MASK.MASK"), False)
    layer = get("ADJUST.LAYER")
    if type(layer) is not int or layer < 1:
        raise unsupported(source, "ADJUST.LAYER", layer, "1 or more: an AlexNet has one feature map")
    features = int(256 * width) if isinstance(width, int | float) and abs(width) < 1e6 else None
    return {"backbone": backbone, "width": width}, [features]


def _deep(get: Get, source: str, backbone: str) -> tuple[dict[str, Any], list[Any]]:
    mobile = backbone == "mobilenetv2"
    kwargs = kwargs_of(get, source, "BACKBONE.KWARGS", ("used_layers", "width_mult") if mobile else ("used_layers",))
    layers, width = kwargs.get("used_layers", [3, 5, 7] if mobile else None), kwargs.get("width_mult", 1)
    highest = len(MOBILE_CHANNELS) - 1 if mobile else 4
    if not isinstance(layers, list) or not layers or any(i not in range(highest + 1) for i in layers):
        raise unsupported(source, "BACKBONE.KWARGS.used_layers", layers, f"a list of numbers, 0 to {highest}")
    if get("MASK.MASK"):
        if layers[:3] != FINE or len(layers) != 4:
            raise unsupported(source, "BACKBONE.KWARGS.used_layers", layers, "[0, 1, 2, 3] with MASK.MASK")
        layers = layers[3:]
    only(source, "ADJUST.ADJUST", get("ADJUST.ADJUST"), True)
    only(source, "ADJUST.TYPE", get("ADJUST.TYPE"), "AdjustAllLayer")
    adjust = kwargs_of(get, source, "ADJUST.KWARGS", ("in_channels", "out_channels"))
    if mobile:
        given = [int(MOBILE_CHANNELS[i] * width) for i in layers] if isinstance(width, int | float) else None
    else:
        given = [32 * 2**i * EXPANSIONS[backbone] for i in layers]
    only(source, "ADJUST.KWARGS.in_channels", adjust.get("in_channels"), given)
    channels = adjust.get("out_channels")
    if not isinstance(channels, list) or len(channels) != len(layers):
        raise unsupported(source, "ADJUST.KWARGS.out_channels", channels, f"a list of {len(layers)} numbers")
    model = {"backbone": backbone, "width": width, "layers": layers, "adjust_channels": channels}
    return model | _online_feature(get, source, len(layers)), channels


def _online_feature(get: Get, source: str, count: int) -> dict[str, Any]:
    layer, fuse = get("ADJUST.LAYER"), get("ADJUST.FUSE")
    if type(layer) is not int or not (0 if count > 1 else 1) <= layer:
        raise unsupported(source, "ADJUST.LAYER", layer, "1 or more" + ", or 0 for all of them" * (count > 1))
    if layer > 0:
        # With one level PySOT takes that one, whatever the number.
        return {"online_level": layer - 1 if count > 1 else 0}
    if fuse not in FUSIONS:
        raise unsupported(source, "ADJUST.FUSE", fuse, "avg, wavg or con")
    return {"online_feature": FUSIONS[fuse]}


def _head(get: Get, source: str, channels: list[Any]) -> dict[str, Any]:
    head, several = get("RPN.TYPE"), len(channels) > 1
    model: dict[str, Any]
    if head == "MultiRPN" and several:
        kwargs = kwargs_of(get, source, "RPN.KWARGS", ("anchor_num", "in_channels", "weighted", "fused"))
        only(source, "RPN.KWARGS.in_channels", kwargs.get("in_channels"), channels)
        only(source, "RPN.KWARGS.fused", kwargs.get("fused", "none"), "none")
        model = {"head": "multi_rpn", "weighted": kwargs.get("weighted", False)}
    elif head == "DepthwiseRPN" and not several:
        kwargs = kwargs_of(get, source, "RPN.KWARGS", ("anchor_num", "in_channels", "out_channels", "fused"))
        only(source, "RPN.KWARGS.in_channels", kwargs.get("in_channels", 256), channels[0])
        only(source, "RPN.KWARGS.fused", kwargs.get("fused", "none"), "none")
        model = {"head": "depthwise_rpn", "head_channels": kwargs.get("out_channels", 256)}
    elif head == "UPChannelRPN" and not several:
        kwargs = kwargs_of(get, source, "RPN.KWARGS", ("anchor_num", "feature_in"))
        only(source, "RPN.KWARGS.feature_in", kwargs.get("feature_in", 256), channels[0])
        model = {"head": "upchannel_rpn"}
    else:
        wanted = "MultiRPN with several levels" if several else "DepthwiseRPN or UPChannelRPN with one level"
        raise unsupported(source, "RPN.TYPE", head, wanted)
    ratios, scales = get("ANCHOR.RATIOS"), get("ANCHOR.SCALES")
    if isinstance(ratios, list) and isinstance(scales, list):
        anchors = len(ratios) * len(scales)
        only(source, "RPN.KWARGS.anchor_num", kwargs.get("anchor_num", 5), anchors)
        only(source, "ANCHOR.ANCHOR_NUM", get("ANCHOR.ANCHOR_NUM") or anchors, anchors)
    return model


def _mask(get: Get, source: str, channels: list[Any], model: dict[str, Any]) -> dict[str, Any]:
    only(source, "MASK.TYPE", get("MASK.TYPE"), "MaskCorr")
    only(source, "REFINE.REFINE", get("REFINE.REFINE"), True)
    only(source, "REFINE.TYPE", get("REFINE.TYPE"), "Refine")
    kwargs = kwargs_of(get, source, "MASK.KWARGS", ("in_channels", "hidden", "out_channels", "fused"))
    wanted = {"in_channels": channels[0], "hidden": model.get("head_channels"), "out_channels": COARSE_MASK}
    for name, value in wanted.items():
        only(source, f"MASK.KWARGS.{name}", kwargs.get(name), value)
    only(source, "MASK.KWARGS.fused", kwargs.get("fused", "none"), "none")
    return {"mask": True}


def kwargs_of(get: Get, source: str, key: str, names: tuple[str, ...]) -> dict[str, Any]:
    """A mapping of settings that holds no others than these."""
    kwargs = get(key)
    if not isinstance(kwargs, dict):
        raise unsupported(source, key, kwargs, "a mapping of settings")
    for name in kwargs:
        if name not in names:
            raise UserError(f"{source}: unknown key {key}.{name}{hint(name, {n: f'{key}.{n}' for n in names})}")
    return kwargs


def only(source: str, key: str, value: Any, wanted: Any) -> None:
    """Refuse any other value than the wanted one."""
    if value != wanted:
        raise unsupported(source, key, value, f"{wanted!r}")


def unsupported(source: str, key: str, value: Any, wanted: str) -> UserError:
    return UserError(f"{source}: {key} is {value!r}, which drol_jax does not support; supported: {wanted}")
