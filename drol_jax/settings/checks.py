"""Settings that are well-formed but make no sense: each is named, with what is wanted, before it can misbehave."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from drol_jax.config import Config, Hyper, ModelConfig, OnlineConfig, SearchConfig
from drol_jax.settings.pysot_model import ALEXNETS

NARROWEST = {"alexnet": 96, "alexnetlegacy": 96, "mobilenetv2": 16}
"""Channels of the narrowest layer at width 1, of the backbones that have a width."""
STRIDE_8 = {
    "resnet18": range(2, 5),
    "resnet34": range(2, 5),
    "resnet50": range(2, 5),
    "mobilenetv2": range(3, 8),
}
"""Stages whose features lie 8 pixels apart, of the backbones that have several; their templates pass the neck, which
keeps the middle 7 of 11 to 19 cells."""
NECK_CELLS = range(11, 20)
NECK_OUT = 7


class Complaint(NamedTuple):
    """key: path of the setting, dotted; value: what it is; wanted: what would do."""

    key: str
    value: Any
    wanted: str


def complaints(config: Config, hyper: Hyper, seed: int) -> Iterator[Complaint]:
    """Every setting that would crash or mislead later, in the order of the file. All numbers are finite."""
    if not 0 <= seed < 2**32:
        yield Complaint("seed", seed, "0 to 4294967295")
    yield from model_complaints(config.model)
    yield from _search(config.search, config.model)
    if config.long_term.enabled:
        yield from _long_term(config)
    yield from _online(config.online)
    if config.template.update and not config.online.enabled:
        yield Complaint("template.update", True, "false while online.enabled is false: the subnet chooses the template")
    yield from _hyper(hyper)


def feature_size(pixels: int, backbone: str = "alexnet") -> int:
    """Feature rows of a backbone before any neck, in closed form.

    The AlexNets: 127 -> 6, 255 -> 22, 287 -> 26. The others: 127 -> 15, 255 -> 31.
    """
    return (pixels - 7) // 8 if backbone in STRIDE_8 else (pixels - 79) // 8


def padded_feature_size(pixels: int) -> int:
    """Feature rows of the padded MobileNetV3, in closed form: 127 -> 8, 255 -> 16."""
    return -(-pixels // 16)


def model_complaints(model: ModelConfig) -> Iterator[Complaint]:
    """What is wrong with the network alone."""
    if model.anchor_free != model.backbone.startswith("mobilenetv3"):
        yield Complaint(
            "model.head", model.head, "points_v1, points_v2 or points_v3 with MobileNetV3, and with it alone"
        )
    if model.backbone not in NARROWEST:
        if model.width != 1:
            yield Complaint("model.width", model.width, f"1: {model.backbone} has one width")
    elif int(NARROWEST[model.backbone] * model.width) < 1:
        yield Complaint("model.width", model.width, "a positive multiplier, such as 0.25 or 1")
    if model.backbone in STRIDE_8:
        yield from _levels(model)
    else:
        given = {"layers": list(model.layers), "adjust_channels": list(model.adjust_channels), "mask": model.mask}
        for name, value in given.items():
            if value:
                yield Complaint(f"model.{name}", value, f"none: {model.backbone} has one output and no neck")
        if model.head == "multi_rpn":
            yield Complaint("model.head", model.head, f"another: {model.backbone} has one output")
    if model.weighted and model.head != "multi_rpn":
        yield Complaint("model.weighted", True, "false: only multi_rpn weighs its levels")
    yield from _online_feature(model)
    yield from _positive("model", model, "head_channels")
    for name in ("anchor_ratios", "anchor_scales"):
        values = getattr(model, name)
        if not values or min(values) <= 0:
            yield Complaint(f"model.{name}", list(values), "one or more positive numbers")


def _levels(model: ModelConfig) -> Iterator[Complaint]:
    layers, stages = list(model.layers), STRIDE_8[model.backbone]
    if not layers or layers != sorted(set(layers)) or not set(layers) <= set(stages):
        yield Complaint("model.layers", layers, f"one or more of {list(stages)}, rising")
    elif model.backbone == "mobilenetv2" and layers[-1] != stages[-1]:
        # Its checkpoints always hold all stages: a network without the last could not go back to PySOT whole.
        yield Complaint("model.layers", layers, f"with {stages[-1]} as the last")
    if len(model.adjust_channels) != len(layers) or min(model.adjust_channels, default=1) < 1:
        yield Complaint("model.adjust_channels", list(model.adjust_channels), "a positive number for each of layers")
    if (model.head == "multi_rpn") != (len(layers) > 1) and layers:
        wanted = "multi_rpn with several layers" if len(layers) > 1 else "another: multi_rpn needs several layers"
        yield Complaint("model.head", model.head, wanted)
    if model.mask and model.backbone != "resnet50":
        # The decoder's weights fit the channels of ResNet-50's first outputs.
        yield Complaint("model.mask", True, "false, or backbone resnet50")
    elif model.mask and model.head != "depthwise_rpn":
        yield Complaint("model.mask", True, "false, or head depthwise_rpn")


def _online_feature(model: ModelConfig) -> Iterator[Complaint]:
    count, channels = max(len(model.layers), 1), set(model.adjust_channels)
    if not 0 <= model.online_level < count:
        yield Complaint("model.online_level", model.online_level, f"0 to {count - 1}, counted in layers")
    if model.online_feature in ("mean", "weighted") and len(channels) > 1:
        yield Complaint("model.online_feature", model.online_feature, "level or concat: adjust_channels differ")
    if model.online_feature == "weighted" and not model.weighted:
        yield Complaint("model.online_feature", "weighted", "mean, level or concat: the head has no weights")
    taken = list(model.online_layers)
    if taken and model.backbone not in ALEXNETS:
        yield Complaint("model.online_layers", taken, "none: they are those of the AlexNets")
    elif taken != sorted(set(taken)) or not set(taken) <= {2, 3, 4, 5}:
        yield Complaint("model.online_layers", taken, "some of [2, 3, 4, 5], rising")
    elif taken and model.online_feature != "level":
        yield Complaint("model.online_feature", model.online_feature, "level: with online_layers it is those layers")


def _search(search: SearchConfig, model: ModelConfig) -> Iterator[Complaint]:
    yield from _point_maps(search, model) if model.anchor_free else _anchor_maps(search, model)
    if search.context_amount < 0:
        yield Complaint("search.context_amount", search.context_amount, "0 or more")
    if search.scale_step <= 1:
        yield Complaint("search.scale_step", search.scale_step, "more than 1, such as 1.0375")
    yield from _positive("search", search, "response_upsampling")


def _point_maps(search: SearchConfig, model: ModelConfig) -> Iterator[Complaint]:
    if search.stride != 16:
        yield Complaint("search.stride", search.stride, "16, the stride of MobileNetV3")
    elif padded_feature_size(search.exemplar_size) != 8:
        wanted = "113 to 128, such as 127: the head counts 8 x 8 cells of the template as channels"
        yield Complaint("search.exemplar_size", search.exemplar_size, wanted)
    elif search.instance_size < search.exemplar_size:
        yield Complaint("search.instance_size", search.instance_size, f"at least exemplar_size {search.exemplar_size}")
    else:
        cells = padded_feature_size(search.instance_size) - (model.head == "points_v3")
        if search.score_size != cells:
            base = search.base_size - search.score_size + cells
            yield Complaint("search.base_size", search.base_size, f"{base} for these sizes")


def _anchor_maps(search: SearchConfig, model: ModelConfig) -> Iterator[Complaint]:
    if search.stride != 8:
        yield Complaint("search.stride", search.stride, "8, the stride of the backbones")
        return
    template, region = (feature_size(n, model.backbone) for n in (search.exemplar_size, search.instance_size))
    # The RPN heads shrink the template's features by two more rows and columns.
    smallest = 79 + 8 * (1 if model.head == "siamfc" else 3)
    deep = model.backbone in STRIDE_8
    if deep and template not in NECK_CELLS:
        yield Complaint("search.exemplar_size", search.exemplar_size, "95 to 166, such as 127")
    elif deep and region <= NECK_CELLS[-1]:
        yield Complaint("search.instance_size", search.instance_size, "at least 167, such as 255")
    elif not deep and search.exemplar_size < smallest:
        yield Complaint("search.exemplar_size", search.exemplar_size, f"at least {smallest}, such as 127")
    elif search.instance_size < search.exemplar_size:
        yield Complaint("search.instance_size", search.instance_size, f"at least exemplar_size {search.exemplar_size}")
    else:
        cells = region - (NECK_OUT if deep else template) + 1
        if search.score_size != cells:
            base, usual = search.base_size - search.score_size + cells, 8 if deep else 0
            cure = f"{base} for these sizes"
            if base != usual:
                cure = f"{usual}, with sizes of the form 8 n + 7 such as 127 and 255"
            yield Complaint("search.base_size", search.base_size, cure)


def _long_term(config: Config) -> Iterator[Complaint]:
    if config.model.head == "siamfc" or config.model.anchor_free or config.model.mask:
        yield Complaint("long_term.enabled", True, "false: the long-term tracker is one of anchors, without a mask")
        return
    if config.template.update:
        yield Complaint("template.update", True, "false with long_term.enabled, whose tracker has one template")
    size = config.long_term.lost_instance_size
    if size <= config.search.instance_size:
        wanted = f"more than search.instance_size {config.search.instance_size}"
        yield Complaint("long_term.lost_instance_size", size, wanted)
    elif not any(_search(config.search, config.model)):
        for complaint in _anchor_maps(replace(config.search, instance_size=size), config.model):
            yield Complaint("long_term.lost_instance_size", size, f"of the form 8 n + 7 ({complaint.wanted})")


def _online(online: OnlineConfig) -> Iterator[Complaint]:
    yield from _positive("online", online, "channels", "kernel_size", "gauss_newton_rounds", "cg_iterations")
    yield from _positive("online", online, "refit_iterations", "hard_negative_iterations")
    if online.attention in ("channel", "dual") and online.channels < 2:
        yield Complaint("online.channels", online.channels, "at least 2 with channel attention, which halves them")
    if online.dropout_samples < 0:
        yield Complaint("online.dropout_samples", online.dropout_samples, "0 or more")
    elif online.memory_size <= online.first_samples:
        wanted = f"more than the first frame's {online.first_samples} samples"
        yield Complaint("online.memory_size", online.memory_size, wanted)
    yield from _between("online", online, 0, 1, "random_shift")
    if not 0 <= online.dropout_rate < 1:
        yield Complaint("online.dropout_rate", online.dropout_rate, "0 or more and less than 1")
    if any(sigma <= 0 for pair in online.blurs for sigma in pair):
        yield Complaint("online.blurs", [list(pair) for pair in online.blurs], "pairs of positive sigmas")
    if any(abs(shift) > 1 for pair in online.translations for shift in pair):
        shifts = [list(pair) for pair in online.translations]
        yield Complaint("online.translations", shifts, "pairs within -1..1, half search regions")


def _hyper(hyper: Hyper) -> Iterator[Complaint]:
    yield from _between("hyper", hyper, 0, 1, "window_influence", "size_lr", "fusion", "first_samples_weight")
    yield from _positive("hyper", hyper, "neighbourhood", "label_sigma", "filter_reg", "projection_reg")
    yield from _positive("hyper", hyper, "refit_interval", "template_interval")
    for name in ("learning_rate", "hard_negative_learning_rate"):
        # The memory's weights are divided by 1 - rate.
        if not 0 <= getattr(hyper, name) < 1:
            yield Complaint(f"hyper.{name}", getattr(hyper, name), "0 or more and less than 1")
    if not hyper.confidence_low <= hyper.confidence_high:
        wanted = f"at most confidence_high {hyper.confidence_high}"
        yield Complaint("hyper.confidence_low", hyper.confidence_low, wanted)
    for name in ("penalty_k", "distractor", "hard_negative", "displacement"):
        if getattr(hyper, name) < 0:
            yield Complaint(f"hyper.{name}", getattr(hyper, name), "0 or more")


def _positive(section: str, owner: Any, *names: str) -> Iterator[Complaint]:
    for name in names:
        if getattr(owner, name) <= 0:
            yield Complaint(f"{section}.{name}", getattr(owner, name), "more than 0")


def _between(section: str, owner: Any, low: float, high: float, *names: str) -> Iterator[Complaint]:
    for name in names:
        if not low <= getattr(owner, name) <= high:
            yield Complaint(f"{section}.{name}", getattr(owner, name), f"{low} to {high}")
