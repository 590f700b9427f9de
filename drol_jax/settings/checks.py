"""What the settings of one configuration must be to each other. A field's own limits stand beside the field.

Each complaint names a setting and what is wanted, before it can crash or mislead. What a backbone or a head asks for
is in its facts (`drol_jax.config.backbones`, `drol_jax.config.heads`).
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from drol_jax.config import Config, Hyper, ModelConfig, OnlineConfig, SearchConfig
from drol_jax.config.backbones import BACKBONES, BackboneFacts
from drol_jax.config.heads import HEADS
from drol_jax.config.network import NECK_CROP, NECK_CROP_BELOW, backbone_facts, head_facts, response_cells
from drol_jax.config.network import neck_cells as after_neck

LARGEST = 4096
"""Pixels up to which sizes that would do are looked for."""


class Complaint(NamedTuple):
    """key: path of the setting, dotted; value: what it is; wanted: what would do."""

    key: str
    value: Any
    wanted: str


def complaints(config: Config, hyper: Hyper) -> Iterator[Complaint]:
    """Settings that do not go together, in the order of the file. Each is within its own limits."""
    yield from model_complaints(config.model)
    yield from _search(config.search, config.model)
    if config.long_term.enabled:
        yield from _long_term(config)
    yield from _online(config.online)
    if config.template.update and not config.online.enabled:
        yield Complaint("template.update", True, "false while online.enabled is false: the subnet chooses the template")
    if not hyper.confidence_low <= hyper.confidence_high:
        wanted = f"at most confidence_high {hyper.confidence_high}"
        yield Complaint("hyper.confidence_low", hyper.confidence_low, wanted)


def model_complaints(model: ModelConfig) -> Iterator[Complaint]:
    """What is wrong with the network alone."""
    backbone, head = backbone_facts(model), head_facts(model)
    if head.family not in backbone.families:
        fitting = [name for name, facts in HEADS.items() if facts.family in backbone.families]
        wanted = f"one that stands on {model.backbone}: {', '.join(fitting)}"
        yield Complaint("model.head", model.head, wanted)
    if not backbone.scalable and model.width != 1:
        yield Complaint("model.width", model.width, f"1: {model.backbone} has one width")
    if backbone.channels_of(_narrowest(backbone), model.width) < 1:
        yield Complaint("model.width", model.width, "a multiplier that leaves every layer a channel, such as 0.25 or 1")
    if backbone.stages:
        yield from _levels(model)
    else:
        given = {"layers": list(model.layers), "adjust_channels": list(model.adjust_channels), "mask": model.mask}
        for name, value in given.items():
            if value:
                yield Complaint(f"model.{name}", value, f"none: {model.backbone} has one output and no neck")
        if head.several:
            yield Complaint("model.head", model.head, f"another: {model.backbone} has one output")
    if model.weighted and not head.several:
        yield Complaint("model.weighted", True, f"false: only {_several()} weighs its levels")
    yield from _online_feature(model)


def _narrowest(facts: BackboneFacts) -> int:
    return min(facts.channels, key=lambda output: facts.channels[output])


def _several() -> str:
    return " or ".join(name for name, facts in HEADS.items() if facts.several)


def _levels(model: ModelConfig) -> Iterator[Complaint]:
    layers, backbone, head = list(model.layers), backbone_facts(model), head_facts(model)
    stages = list(backbone.stages)
    if not layers or layers != sorted(set(layers)) or not set(layers) <= set(stages):
        yield Complaint("model.layers", layers, f"one or more of {stages}, rising")
    if len(model.adjust_channels) != len(layers):
        yield Complaint("model.adjust_channels", list(model.adjust_channels), "a positive number for each of layers")
    if head.several != (len(layers) > 1) and layers:
        wanted = f"another: {model.head} needs several layers" if head.several else f"{_several()} with several layers"
        yield Complaint("model.head", model.head, wanted)
    if model.mask and not backbone.masks:
        fitting = [name for name, facts in BACKBONES.items() if facts.masks]
        yield Complaint("model.mask", True, f"false, or backbone {' or '.join(fitting)}")
    elif model.mask and not head.masks:
        fitting = [name for name, facts in HEADS.items() if facts.masks]
        yield Complaint("model.mask", True, f"false, or head {' or '.join(fitting)}")


def _online_feature(model: ModelConfig) -> Iterator[Complaint]:
    count, channels = max(len(model.layers), 1), set(model.adjust_channels)
    if not 0 <= model.online_level < count:
        yield Complaint("model.online_level", model.online_level, f"0 to {count - 1}, counted in layers")
    if model.online_feature in ("mean", "weighted") and len(channels) > 1:
        yield Complaint("model.online_feature", model.online_feature, "level or concat: adjust_channels differ")
    if model.online_feature == "weighted" and not model.weighted:
        yield Complaint("model.online_feature", "weighted", "mean, level or concat: the head has no weights")
    taken, possible = list(model.online_layers), backbone_facts(model).online_layers
    if taken and not possible:
        fitting = [name for name, facts in BACKBONES.items() if facts.online_layers]
        yield Complaint("model.online_layers", taken, f"none: they are those of {' or '.join(fitting)}")
    elif taken != sorted(set(taken)) or not set(taken) <= set(possible):
        yield Complaint("model.online_layers", taken, f"some of {list(possible)}, rising")
    elif taken and model.online_feature != "level":
        yield Complaint("model.online_feature", model.online_feature, "level: with online_layers it is those layers")


def _search(search: SearchConfig, model: ModelConfig) -> Iterator[Complaint]:
    """Whether crops and response map fit the network."""
    backbone, (least, most) = backbone_facts(model), head_facts(model).template_cells
    if search.stride != backbone.stride:
        yield Complaint("search.stride", search.stride, f"{backbone.stride}, the stride of {model.backbone}")
        return

    def template_fits(pixels: int) -> bool:
        cells = backbone.cells(pixels)
        if backbone.stages:
            # The neck passes the middle on, and it must be whole.
            if not NECK_CROP.stop <= cells < NECK_CROP_BELOW:
                return False
            cells = after_neck(cells)
        return least <= cells <= (cells if most is None else most)

    def region_fits(pixels: int) -> bool:
        return not backbone.stages or backbone.cells(pixels) >= NECK_CROP_BELOW

    if not template_fits(search.exemplar_size):
        yield Complaint("search.exemplar_size", search.exemplar_size, _fitting(template_fits, 127))
    elif not region_fits(search.instance_size):
        yield Complaint("search.instance_size", search.instance_size, _fitting(region_fits, 255))
    elif search.instance_size < search.exemplar_size:
        yield Complaint("search.instance_size", search.instance_size, f"at least exemplar_size {search.exemplar_size}")
    else:
        base = _base(search, model)
        if search.base_size != base:
            usual = _base(SearchConfig(stride=search.stride), model)
            cure = f"{base} for these sizes"
            if base != usual:
                cure = f"{usual}, with sizes of the form {search.stride} n + {127 % search.stride} such as 127 and 255"
            yield Complaint("search.base_size", search.base_size, cure)


def _base(search: SearchConfig, model: ModelConfig) -> int:
    """The `base_size` with which `score_size` is what the network answers."""
    cells = response_cells(model, search.exemplar_size, search.instance_size)
    return cells - search.score_size + search.base_size


def _fitting(fits: Callable[[int], bool], usual: int) -> str:
    """The sizes that would do, as a clause."""
    sizes = [pixels for pixels in range(1, LARGEST) if fits(pixels)]
    bounds = f"at least {sizes[0]}" if sizes[-1] == LARGEST - 1 else f"{sizes[0]} to {sizes[-1]}"
    return f"{bounds}, such as {usual}"


def _long_term(config: Config) -> Iterator[Complaint]:
    if head_facts(config.model).family != "anchors" or config.model.mask:
        yield Complaint("long_term.enabled", True, "false: the long-term tracker is one of anchors, without a mask")
        return
    if config.template.update:
        yield Complaint("template.update", True, "false with long_term.enabled, whose tracker has one template")
    size = config.long_term.lost_instance_size
    if size <= config.search.instance_size:
        wanted = f"more than search.instance_size {config.search.instance_size}"
        yield Complaint("long_term.lost_instance_size", size, wanted)
    elif not any(_search(config.search, config.model)):
        for complaint in _search(replace(config.search, instance_size=size), config.model):
            yield Complaint("long_term.lost_instance_size", size, f"of the form 8 n + 7 ({complaint.wanted})")


def _online(online: OnlineConfig) -> Iterator[Complaint]:
    if online.attention in ("channel", "dual") and online.channels < 2:
        yield Complaint("online.channels", online.channels, "at least 2 with channel attention, which halves them")
    if online.memory_size <= online.first_samples:
        wanted = f"more than the first frame's {online.first_samples} samples"
        yield Complaint("online.memory_size", online.memory_size, wanted)
