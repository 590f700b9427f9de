"""Networks against the recorded ones, and what their interface promises."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import recipe
import recorded
import small_tracker
from chex import assert_trees_all_equal_shapes

from drol_jax.config import ModelConfig
from drol_jax.config.backbones import BACKBONES
from drol_jax.nets import SiameseNet, feature_channels, init_variables
from drol_jax.nets.inference.fold import fold
from drol_jax.nets.inference.prepare import prepare
from drol_jax.nets.kernels.correlation import cross, depthwise
from drol_jax.settings import load_settings

deep = partial(pytest.param, marks=pytest.mark.deep)

TOLERANCE = 1e-4
PARAMETERS = {
    "siamfc_alex_otb": 2_338_561,
    "siamfc_alex_vot": 2_338_561,
    "siamrpn_alex_otb": 6_256_926,
    "siamrpn_alex_vot": 6_256_926,
    "siamrpn_alex_tiny": 401_502,
    "siamfc_alex_tiny": 242_369,
    "siamrpn_mobilenet_tiny": 725_342,
    "nanotrack_v1": 294_126,
    "nanotrack_v2": 341_390,
    "drol_nano": 341_390,
    "nanotrack_v3": 554_070,
    "siamrpn_mobilev2": 11_205_258,
    "siamrpn_r50": 54_014_496,
    "siamrpn_r50_otb": 54_014_490,
    "siamrpn_r50_vot": 54_014_496,
    "siamrpn_r50_votlt": 60_084_000,
    "siammask_r50": 21_517_764,
    "pysot_siamrpn_alex": 6_256_926,
    "pysot_siamrpn_alex_otb": 6_256_926,
    "pysot_siamrpn_r50": 54_014_496,
    "pysot_siamrpn_r50_otb": 54_014_490,
    "pysot_siamrpn_mobilev2": 11_205_258,
    "pysot_siammask_r50": 21_517_764,
    "pysot_siamrpn_r50_lt": 60_084_000,
}


@pytest.mark.parametrize(
    ("name", "form"),
    [
        deep("siamfc_alex_upxcorr_otb", "stored"),
        ("siamfc_alex_upxcorr_otb", "fast"),
        ("siamrpn_alex_dwxcorr_otb", "stored"),
        deep("siamrpn_alex_dwxcorr_otb", "fast"),
        ("siamrpn_alex_dwxcorr_otb", "folded and fast"),
    ],
)
def test_every_recorded_tensor_is_reproduced(name, form):
    file = recorded.load(f"{name}.net")
    config = recorded.settings(name).config
    variables = recorded.variables(name)
    variables = fold(config.model, variables) if "folded" in form else variables
    variables = prepare(config.model, variables) if "fast" in form else variables
    z, x = recipe.net_inputs(config.search.instance_size)
    regions = x[None]
    if config.model.head == "siamfc":
        regions = np.stack([x, np.roll(x, 3, axis=1), np.roll(x, -5, axis=0)])

    def run(z, mirrored, regions):
        net = SiameseNet(config.model)

        def call(method, *args):
            return net.apply(variables, *args, method=method)

        search = call("search", regions)
        first = call("match", call("template", z), search)
        second = call("match", call("template", mirrored), search)
        return call("feature", z), search.feature, first, second

    feature_z, feature_x, first, second = jax.jit(run)(z[None], z[None, :, ::-1], regions)
    tensors = {
        "backbone_z_0": feature_z,
        "backbone_x_0": feature_x[:1] if file["backbone_x_0__shape"][0] == 1 else feature_x,
        "cf": feature_x,
        "cls": first.cls,
        "loc": first.loc,
        "cls_st": second.cls,
        "loc_st": second.loc,
    }
    compared = 0
    for key, tensor in tensors.items():
        if key in file:
            actual = recorded.strided(recorded.channels_first(tensor), file, key)
            assert recorded.relative_error(actual, file[key]) < TOLERANCE, key
            compared += 1
    assert compared == (5 if config.model.head == "siamfc" else 7)


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameter_count_of_every_configuration(name):
    settings = load_settings(name)
    tree = jax.eval_shape(lambda k: init_variables(settings.config.model, k), jax.random.key(0))
    assert sum(a.size for a in jax.tree.leaves(tree)) == PARAMETERS[name]


def test_every_bundled_configuration_has_its_parameters_counted():
    from drol_jax.settings import available

    assert set(available()) == set(PARAMETERS)


@pytest.mark.parametrize(("pixels", "cells"), [(127, 6), (255, 22), (287, 26)])
def test_feature_size_is_that_of_the_convolutions(pixels, cells):
    assert BACKBONES["alexnet"].cells(pixels) == cells


@pytest.mark.parametrize("head", ["depthwise_rpn", deep("upchannel_rpn"), deep("siamfc")])
def test_one_template_matches_a_batch_of_regions_as_it_matches_each(head):
    model = ModelConfig(backbone="alexnet", head=head, width=0.05, head_channels=8)
    variables = small_tracker.variables(model)
    pictures = jnp.asarray(np.stack([recipe.texture(f"nets/{i}", 135, 135) for i in range(3)]))

    @partial(jax.jit, static_argnums=0)
    def call(method, *args):
        return SiameseNet(model).apply(variables, *args, method=method)

    template = call("template", pictures[:1, :127, :127])
    together = call("match", template, call("search", pictures))
    for i in range(3):
        alone = call("match", template, call("search", pictures[i : i + 1]))
        for a, b in zip(jax.tree.leaves(together), jax.tree.leaves(alone), strict=True):
            np.testing.assert_allclose(a[i], b[0], rtol=1e-4, atol=1e-4 * float(jnp.abs(b).max()))


def test_the_online_subnet_sees_the_layers_asked_for_cell_upon_cell():
    """A speck under the middle of a cell changes the same cells in every layer, as many before as after it."""
    plain = ModelConfig(backbone="alexnet", head="siamfc", width=0.05)
    model = replace(plain, online_layers=(2, 3, 5))
    variables = small_tracker.variables(model)
    assert_trees_all_equal_shapes(variables, jax.eval_shape(lambda k: init_variables(plain, k), jax.random.key(0)))
    picture = recipe.texture("nets/0", 135, 135)
    cell, middle = 3, int(BACKBONES["alexnet"].first_cell) + 8 * 3
    specked = picture.copy()
    specked[middle - 1 : middle + 2, middle - 1 : middle + 2] += 90

    def features(model):
        see = jax.jit(lambda p: SiameseNet(model).apply(variables, p, method="feature"))
        return [np.asarray(see(p[None].astype(np.float32)))[0] for p in (picture, specked)]

    before, after = features(model)
    widths = [int(BACKBONES["alexnet"].channels[i] * 0.05) for i in (2, 3, 5)]
    assert before.shape[-1] == sum(widths) == feature_channels(model)
    np.testing.assert_array_equal(before[..., -widths[-1] :], features(plain)[0])
    for layer in np.split(np.abs(after - before), np.cumsum(widths)[:-1], axis=-1):
        for axis in (0, 1):
            changed = np.flatnonzero(layer.max(axis=(axis, 2)) > 0)
            assert changed[0] + changed[-1] == 2 * cell


def test_correlations_equal_their_definitions():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 7, 6, 3)).astype(np.float32)
    k = rng.normal(size=(2, 3, 2, 3)).astype(np.float32)
    wide = rng.normal(size=(2, 3, 2, 3, 4)).astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 2), axis=(1, 2))  # [B, rows, columns, C, h, w]
    np.testing.assert_allclose(
        depthwise(jnp.asarray(x), jnp.asarray(k)), np.einsum("bijcuv,buvc->bijc", windows, k), rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(
        cross(jnp.asarray(x), jnp.asarray(wide)), np.einsum("bijcuv,buvco->bijo", windows, wide), rtol=1e-4, atol=1e-5
    )
