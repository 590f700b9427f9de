"""What follows from a network's configuration without building it: facts of its parts, channels, cells. No jax."""

from drol_jax.config.backbones import BACKBONES, BackboneFacts
from drol_jax.config.heads import FINE_OUTPUTS, HEADS, HeadFacts
from drol_jax.config.model import ModelConfig

NECK_CROP_BELOW = 20
"""Features of fewer cells are templates, of which the neck passes the middle on."""
NECK_CROP = slice(4, 11)


def backbone_facts(model: ModelConfig) -> BackboneFacts:
    return BACKBONES[model.backbone]


def head_facts(model: ModelConfig) -> HeadFacts:
    return HEADS[model.head]


def levels(model: ModelConfig) -> tuple[int, ...]:
    """Outputs of the backbone that the head sees, by their numbers."""
    return model.layers or (backbone_facts(model).last,)


def passing(model: ModelConfig) -> tuple[int, ...]:
    """Outputs of the backbone that pass neck and head by: for the mask decoder, or for the online subnet."""
    return model.online_layers or (FINE_OUTPUTS if model.mask else ())


def last_output(model: ModelConfig) -> int:
    """Number of the last output of the backbone that the network has a use for."""
    return max(*passing(model), *levels(model), 0)


def level_channels(model: ModelConfig) -> tuple[int, ...]:
    """Channels of every output that the head sees, after any neck."""
    if model.adjust_channels:
        return model.adjust_channels
    return tuple(backbone_facts(model).channels_of(i, model.width) for i in levels(model))


def feature_channels(model: ModelConfig) -> int:
    """C of the feature [B, L, L, C] that the online subnet sees."""
    if model.online_layers:
        return sum(backbone_facts(model).channels_of(i, model.width) for i in model.online_layers)
    channels = level_channels(model)
    if model.online_feature == "concat":
        return sum(channels)
    return channels[model.online_level if model.online_feature == "level" else 0]


def neck_cells(cells: int) -> int:
    """Cells of a feature after the neck: 15 -> 7, 31 -> 31."""
    return cells if cells >= NECK_CROP_BELOW else len(range(cells)[NECK_CROP])


def response_cells(model: ModelConfig, exemplar: int, instance: int) -> int:
    """Rows of the head's response to a template and a search region of so many pixels."""
    facts = backbone_facts(model)
    template, search = facts.cells(exemplar), facts.cells(instance)
    if facts.stages:
        template, search = neck_cells(template), neck_cells(search)
    return head_facts(model).response_cells(template, search)
