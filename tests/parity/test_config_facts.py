"""What is known of networks before they are built is what the networks are."""

from functools import cache
from typing import get_args

import jax
import jax.numpy as jnp
import pytest

from drol_jax.config import Backbone, Head, ModelConfig
from drol_jax.config.backbones import BACKBONES
from drol_jax.config.heads import HEADS
from drol_jax.config.network import feature_channels, level_channels, response_cells
from drol_jax.nets import SiameseNet, init_variables
from drol_jax.settings import available, load_settings


def test_every_name_has_facts():
    assert set(BACKBONES) == set(get_args(Backbone))
    assert set(HEADS) == set(get_args(Head))


@cache
def shapes(model):
    return jax.eval_shape(lambda key: init_variables(model, key), jax.random.key(0))


def outputs(model, pixels):
    """Shapes of what the backbone gives of an image, of what the head sees, and of what the online subnet sees."""

    def seen(variables, image):
        fine, levels = SiameseNet(model).apply(variables, image, method="pyramid")
        found = SiameseNet(model).apply(variables, fine, levels, method="search_of")
        return levels, SiameseNet(model).apply(variables, levels, method="adjusted"), found.feature

    return jax.eval_shape(seen, shapes(model), jax.ShapeDtypeStruct((1, pixels, pixels, 3), jnp.float32))


SETTINGS = [load_settings(name) for name in available()]
NETWORKS = {settings.config.model.backbone: settings.config.model for settings in SETTINGS} | {
    "alexnet": ModelConfig(backbone="alexnet", head="siamfc", width=0.5, online_layers=(2, 3, 5)),
    "resnet18": ModelConfig(backbone="resnet18", head="siamfc", layers=(3,), adjust_channels=(8,)),
    "resnet34": ModelConfig(backbone="resnet34", head="siamfc", layers=(2,), adjust_channels=(8,)),
}


@pytest.mark.parametrize("backbone", BACKBONES)
def test_cells_and_channels_are_those_of_the_network(backbone):
    model, facts = NETWORKS[backbone], BACKBONES[backbone]
    for pixels in (255, 302):
        levels, adjusted, feature = outputs(model, pixels)
        assert {level.shape[1] for level in levels} == {facts.cells(pixels)}
        numbers = model.layers or (facts.last,)
        assert [level.shape[-1] for level in levels] == [facts.channels_of(i, model.width) for i in numbers]
        assert tuple(level.shape[-1] for level in adjusted) == level_channels(model)
        assert feature.shape == (1, facts.cells(pixels), facts.cells(pixels), feature_channels(model))


@pytest.mark.parametrize("name", sorted({settings.config.model.head: settings.name for settings in SETTINGS}.values()))
def test_response_cells_are_those_of_the_head(name):
    config = load_settings(name).config
    model, sizes = config.model, (config.search.exemplar_size, config.search.instance_size)

    def response(variables):
        z, x = (jnp.zeros((1, n, n, 3)) for n in sizes)
        return SiameseNet(model).apply(variables, z, x)

    cls = jax.eval_shape(response, shapes(model)).cls
    assert cls.shape[1] == response_cells(model, *sizes) == config.search.score_size
