"""The networks with several feature levels against the recorded ones, and what their parts promise."""

from dataclasses import replace
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import recipe
import recorded
from flax.traverse_util import unflatten_dict

from drol_jax.checkpoint.variables import variable_shapes
from drol_jax.config import ModelConfig
from drol_jax.nets import SiameseNet, feature_channels
from drol_jax.nets.backbones.mobilenet import MobileNetV2
from drol_jax.nets.backbones.resnet import ResNet
from drol_jax.nets.kernels.correlation import depthwise
from drol_jax.nets.neck import cropped_size
from drol_jax.settings.checks import feature_size

TOLERANCE = 1e-4
RESNETS = ["siamrpn_r50_l234_dwxcorr_otb", "siamrpn_r50_l234_dwxcorr", "siamrpn_r50_l234_dwxcorr_votlt"]
MOBILE, MASK = "siamrpn_mobilev2_l234_dwxcorr", "siammask_r50_l3"
CELLS = (12, 13), (0, 24), (24, 0), (7, 3)


@cache
def pyramids(backbone):
    """Every recorded output of one backbone for z, z mirrored and x: {level: array}. All ResNets have its weights."""
    name = MOBILE if backbone == "mobilenetv2" else RESNETS[0]
    layers = (3, 5, 7) if backbone == "mobilenetv2" else (0, 1, 2, 3, 4)
    net = MobileNetV2(1.4, layers) if backbone == "mobilenetv2" else ResNet(backbone, layers)
    own = {kind: tree["backbone"] for kind, tree in recorded.variables(name).items()}
    run = jax.jit(net.apply)
    z, x = recipe.net_inputs(255)
    pictures = [picture[None].astype(np.float32) for picture in (z, z[:, ::-1], x)]
    return [dict(zip(layers, run(own, picture), strict=True)) for picture in pictures]


@cache
def tensors(name):
    """{recorded name: ours}, channels last."""
    model = recorded.model(name)
    net = SiameseNet(model)
    variables = recorded.variables(name, backbone=False)
    levels_z, levels_mirrored, levels_x = pyramids(model.backbone)
    fine = tuple(levels_x[i] for i in (0, 1, 2)) if model.mask else ()

    def run(variables, z, mirrored, fine, x):
        def call(method, *args):
            return net.apply(variables, *args, method=method)

        template, search = call("template_of", z), call("search_of", fine, x)
        first, second = call("match", template, search), call("match", call("template_of", mirrored), search)
        ours = {"cf": search.feature, "cls": first.cls, "loc": first.loc, "cls_st": second.cls, "loc_st": second.loc}
        for side, levels in (("z", call("adjusted", z)), ("x", call("adjusted", x))):
            ours |= {f"neck_{side}_{i}": level for i, level in enumerate(levels)}
        if model.mask:
            ours["mask"] = call("coarse_masks", template, search)
            ours["mask_corr_feature"] = depthwise(search.mask.feature, template.mask)
            positions = jnp.asarray(CELLS)
            masks = jax.lax.map(lambda p: call("refine", template, search, p)[0], positions)
            for mask, (row, column) in zip(masks, CELLS, strict=True):
                ours[f"refine_{row}_{column}"] = mask.reshape(1, -1)
        return ours

    def used(levels):
        return tuple(levels[i] for i in model.layers)

    ours = jax.jit(run)(variables, used(levels_z), used(levels_mirrored), fine, used(levels_x))
    recorded_levels = (0, 1, 2, 3) if model.mask else model.layers
    for side, levels in (("z", levels_z), ("x", levels_x)):
        ours |= {f"backbone_{side}_{i}": levels[level] for i, level in enumerate(recorded_levels)}
    return ours


@pytest.mark.parametrize("name", [*RESNETS, MOBILE, MASK])
def test_every_recorded_tensor_is_reproduced(name):
    file, ours = recorded.load(f"{name}.net"), tensors(name)
    keys = [key for key in file if "__" not in key]
    assert set(keys) == set(ours)
    for key in keys:
        tensor = ours[key] if ours[key].ndim == 2 else recorded.channels_first(ours[key])
        error = np.abs(recorded.strided(tensor, file, key) - file[key]).max() / file[f"{key}__scale"]
        assert error < TOLERANCE, key


def tiny(**changes):
    """A network with several levels that costs next to nothing."""
    base = ModelConfig(
        backbone="mobilenetv2", width=0.1, layers=(3, 5, 7), adjust_channels=(4, 4, 4), head="multi_rpn", weighted=True
    )
    return replace(base, **changes)


@cache
def tiny_levels():
    """(variables, z levels, x levels before the neck) of the tiny network; drawn, for initialising takes longer."""
    shapes = variable_shapes(tiny())
    draws = np.random.default_rng(0)
    flat = {path: draws.uniform(0.1, 1, shape).astype(np.float32) for path, shape in shapes.items()}
    z, x = ([draws.normal(size=(1, n, n, c)).astype(np.float32) for c in (3, 9, 32)] for n in (15, 21))
    return unflatten_dict(flat, sep="/"), z, x


def test_every_choice_of_the_online_feature_is_what_it_says():
    variables, _, x = tiny_levels()
    weights = variables["params"]["head"]["cls_weight"]
    levels = SiameseNet(tiny()).apply(variables, x, method="adjusted")
    wanted = {
        "level": levels[2],
        "mean": (levels[0] + levels[1] + levels[2]) / 3,
        "weighted": sum(level * weight for level, weight in zip(levels, weights, strict=True)),
        "concat": jnp.concatenate(levels, axis=-1),
    }
    for choice, feature in wanted.items():
        model = tiny(online_feature=choice, online_level=2)
        actual = SiameseNet(model).apply(variables, (), x, method="search_of").feature
        np.testing.assert_allclose(actual, feature, rtol=1e-5, atol=1e-5)
        assert actual.shape[-1] == feature_channels(model)


def test_the_head_weighs_its_levels_by_softmax_or_evenly():
    variables, z, x = tiny_levels()
    weights = jnp.array([0.3, -1.0, 0.8])

    def answer(weights, weighted=True):
        head = variables["params"]["head"] | {"cls_weight": weights, "loc_weight": weights}
        own = {**variables, "params": variables["params"] | {"head": head}}
        return jitted(weighted)(own, z, x)

    # One level at a time, by weights that leave the others nothing.
    single = [answer(jnp.where(jnp.arange(3) == i, 0.0, -100.0)) for i in range(3)]
    cases = (answer(weights), jax.nn.softmax(weights)), (answer(weights, weighted=False), np.full(3, 1 / 3))
    for got, shares in cases:
        for part in ("cls", "loc"):
            wanted = sum(getattr(level, part) * share for level, share in zip(single, shares, strict=True))
            np.testing.assert_allclose(getattr(got, part), wanted, rtol=1e-4, atol=1e-4)


@cache
def jitted(weighted):
    net = SiameseNet(tiny(weighted=weighted))

    def match(variables, z, x):
        template = net.apply(variables, z, method="template_of")
        return net.apply(variables, template, net.apply(variables, (), x, method="search_of"), method="match")

    return jax.jit(match)


def test_one_template_serves_a_batch_of_regions():
    variables, z, x = tiny_levels()
    two = [np.concatenate([level, level[:, ::-1]]) for level in x]
    whole, alone = jitted(True)(variables, z, two), jitted(True)(variables, z, [level[:, ::-1] for level in x])
    for a, b in zip(whole, alone, strict=True):
        np.testing.assert_allclose(a[1], b[0], rtol=1e-4, atol=1e-4)


def backbone_shapes(net, pixels):
    picture = jax.ShapeDtypeStruct((1, pixels, pixels, 3), jnp.float32)
    outputs = jax.eval_shape(lambda p: net.init_with_output(jax.random.key(0), p)[0], picture)
    return [output.shape[1] for output in outputs]


@pytest.mark.parametrize("pixels", [127, 166, 167, 254, 255])
def test_feature_sizes_are_those_of_the_closed_form(pixels):
    cells = feature_size(pixels, "resnet18")
    assert backbone_shapes(ResNet("resnet18", (2, 3, 4)), pixels) == [cells] * 3
    assert backbone_shapes(MobileNetV2(0.1, (3, 7)), pixels) == [cells] * 2
    assert cropped_size(cells) == (7 if cells < 20 else cells)


def test_a_search_carries_what_the_decoder_needs_only_where_there_is_one():
    model = recorded.model(MASK)
    trees = {path: jax.ShapeDtypeStruct(shape, jnp.float32) for path, shape in variable_shapes(model).items()}
    picture = jax.ShapeDtypeStruct((1, 255, 255, 3), jnp.uint8)
    net = SiameseNet(model)
    search = jax.eval_shape(lambda v, p: net.apply(v, p, method="search"), unflatten_dict(trees, sep="/"), picture)
    assert [f.shape for f in search.mask.fine] == [(1, 125, 125, 64), (1, 63, 63, 256), (1, 31, 31, 512)]
    assert search.feature.shape == (1, 31, 31, 256)
    variables, _, x = tiny_levels()
    assert SiameseNet(tiny()).apply(variables, (), x, method="search_of").mask is None


@pytest.mark.parametrize(("backbone", "torchvisions"), [("resnet18", 11_176_512), ("resnet34", 21_284_672)])
def test_the_smaller_resnets_are_torchvisions_but_for_larger_shortcuts(backbone, torchvisions):
    model = ModelConfig(backbone=backbone, layers=(2, 3, 4), adjust_channels=(8, 8, 8), head="multi_rpn")
    sizes = {path: int(np.prod(shape)) for path, shape in variable_shapes(model).items()}
    shortcuts = 64 * 128 + 128 * 256 + 256 * 512  # 3x3 where torchvision has 1x1
    found = sum(size for path, size in sizes.items() if path.startswith("params/backbone/"))
    assert found == torchvisions + 8 * shortcuts
