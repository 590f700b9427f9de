"""Fidelity exact: a target d pixels off the crop's middle has its label and its score peak d pixels off the middle."""

from dataclasses import replace
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_tracker import FAST

from drol_jax.config import Config, Hyper, ModelConfig, OnlineConfig, SearchConfig
from drol_jax.image.crops import as_frame, centred_crop
from drol_jax.nets import SiameseNet, first_cell, init_variables
from drol_jax.nets.backbones import mobilenetv3
from drol_jax.online.augment import augment
from drol_jax.online.augment import shifts as picture_shifts
from drol_jax.online.geometry import Exact, Published, Region, geometry
from drol_jax.online.labels import gaussian
from drol_jax.online.localize import Verdict, resampling_matrix
from drol_jax.online.memory import first_memory, insert
from drol_jax.online.response import respond
from drol_jax.settings import available, load_settings

cut = jax.jit(centred_crop, static_argnums=3)
judge = jax.jit(lambda maps, *rest: maps.judge(*rest), static_argnums=0)
put = jax.jit(insert, static_argnums=(4, 7))
HYPER = Hyper(penalty_k=0.1, window_influence=0.3, size_lr=0.3).on_device()


@cache
def exact(name, size=None, kernel=4) -> Exact:
    config = load_settings(name).config
    if size is not None:
        config = replace(config, search=replace(config.search, instance_size=size))
    found = geometry(replace(config, fidelity="exact", online=replace(config.online, kernel_size=kernel)))
    assert isinstance(found, Exact)
    return found


ALL = [(name, None) for name in available()]
ALL += [("siamrpn_r50", 831), ("siamrpn_alex_otb", 263), ("nanotrack_v2", 383)]
SIZES = list({exact(*one): one for one in ALL}.values())
"""A configuration and size for each geometry that there is, and larger, even and odd maps of each backbone."""


def bump(geometry, pixels):
    """Feature [1, L, L, 1] of a target whose middle is on these pixels (row, column) of the crop."""
    cells = (np.arange(geometry.cells) * geometry.stride + geometry.first)[:, None]
    line = np.exp(-(((cells - np.asarray(pixels)) / (1.5 * geometry.stride)) ** 2) / 2)
    return jnp.asarray(np.outer(line[:, 0], line[:, 1])[None, ..., None], jnp.float32)


def peak(score_map):
    return np.array(np.unravel_index(np.argmax(score_map), score_map.shape))


def region(geometry, scale=1.0, size=(20.0, 20.0)):
    return Region(centre=jnp.array([300.0, 200.0]), size=jnp.array(size), scale=jnp.float32(scale))


def inside(geometry):
    """How far off the crop's middle the features see a target on every side, pixels.

    Four cells from the last one: nearer to the border, the kernel's zeros outside pull the peak by a pixel.
    """
    ends = np.array([geometry.first, geometry.first + geometry.stride * (geometry.cells - 1)])
    return min(abs(ends - (geometry.pixels - 1) / 2)) - 4 * geometry.stride


@pytest.mark.parametrize(("name", "size"), SIZES)
@pytest.mark.parametrize("kernel", [3, 4])
@settings(max_examples=4, deadline=None)
@given(way=st.tuples(*[st.floats(-1, 1)] * 2))
def test_score_peak_and_label_lie_where_the_target_is(name, size, kernel, way):
    maps = exact(name, size, kernel)
    off = np.array(way) * inside(maps)
    target = (maps.pixels - 1) / 2 + off
    # The peak is read at whole pixels, from cells of a finite width.
    response = respond(bump(maps, target), jnp.ones((kernel, kernel, 1)))[0]
    assert np.abs(peak(maps.score_map(response)) - target).max() <= 0.5 + maps.stride / 16

    place = region(maps, scale=0.7)
    centre = maps.sample_centre(place.centre + jnp.asarray(off[::-1] / 0.7, jnp.float32), place, None)
    label = gaussian(centre[None], jnp.float32(1.5), maps.cells)[0]
    assert np.abs(peak(maps.score_map(label)) - target).max() <= 0.5 + maps.stride / 16


@pytest.mark.parametrize(("name", "size"), SIZES)
def test_the_score_map_passes_through_the_responses_values_and_is_zero_where_nothing_was_seen(name, size):
    maps = exact(name, size)
    raw = np.random.default_rng(0).normal(size=(maps.cells, maps.cells)).astype(np.float32)
    matrix, place = maps.sampling(), np.asarray(maps.response_cell(np.arange(maps.pixels)))
    pixels = np.flatnonzero((place == np.round(place)) & (place >= 0) & (place < maps.cells))
    assert len(pixels) >= maps.cells - 1
    cells = place[pixels].astype(int)
    np.testing.assert_allclose(
        np.asarray(maps.score_map(jnp.asarray(raw)))[np.ix_(pixels, pixels)], raw[np.ix_(cells, cells)], atol=1e-5
    )
    seen = matrix.any(axis=1)
    np.testing.assert_allclose(matrix[seen].sum(axis=1), 1, atol=1e-5)
    edges = np.array([maps.first - maps.stride / 2, maps.first + maps.stride * (maps.cells - 0.5)])
    wanted = (np.arange(maps.pixels) >= edges[0]) & (np.arange(maps.pixels) <= edges[1])
    np.testing.assert_array_equal(seen, wanted)


def test_the_published_map_of_an_even_response_misses_its_values():
    """What the property above is there for: the highest wave counts twice."""
    checkers = (-1.0) ** np.arange(22)
    assert np.abs(resampling_matrix(22, 255) @ checkers).max() == pytest.approx(2, abs=0.01)
    assert np.abs(exact("siamfc_alex_otb").sampling() @ checkers).max() == pytest.approx(1, abs=0.01)


NETWORKS = {
    "alexnet": (ModelConfig(backbone="alexnet", head="siamfc", width=0.05), 127, 135),
    "resnet18": (
        ModelConfig(backbone="resnet18", head="depthwise_rpn", layers=(2,), adjust_channels=(4,), head_channels=4),
        167,
        175,
    ),
    "mobilenetv2": (
        ModelConfig(backbone="mobilenetv2", head="depthwise_rpn", width=0.1, layers=(3,), adjust_channels=(4,)),
        167,
        175,
    ),
    "mobilenetv3": (ModelConfig(backbone="mobilenetv3_small", head="points_v1"), 161, 177),
}


@pytest.mark.parametrize("backbone", NETWORKS)
def test_cells_lie_where_the_geometry_says(backbone, monkeypatch):
    """With kernels that are their own mirror images, the feature of the mirrored picture is the mirrored feature
    exactly where the cells lie symmetrically in the picture; and a wider picture does not move them."""
    # The later blocks keep the stride, and take long to compile.
    monkeypatch.setitem(mobilenetv3.VARIANTS, "mobilenetv3_small", mobilenetv3.SMALL[:4])
    model, size, wider = NETWORKS[backbone]
    stride = 16 if model.anchor_free else 8
    shapes = jax.eval_shape(lambda key: init_variables(model, key), jax.random.key(0))
    draws = np.random.default_rng(0)

    def fill(path, leaf):
        name = jax.tree_util.keystr(path)
        if leaf.ndim < 2:
            return jnp.ones(leaf.shape) if "scale" in name or "var" in name else jnp.zeros(leaf.shape)
        if "excite" in name:  # Weighing by means over the picture would depend on its width.
            return jnp.zeros(leaf.shape)
        kernel = draws.normal(size=leaf.shape) * (2 / np.prod(leaf.shape[:-1])) ** 0.5
        return jnp.asarray(kernel + kernel[:, ::-1], jnp.float32) / 2 if leaf.ndim == 4 else jnp.asarray(kernel)

    variables = jax.tree_util.tree_map_with_path(fill, shapes)
    feature = jax.jit(lambda x: SiameseNet(model).apply(variables, x, method="feature"), compiler_options=FAST)
    picture = draws.uniform(0, 1, (1, wider, wider, 3)).astype(np.float32)
    found = np.asarray(feature(picture[:, :size, :size]))
    mirrored = np.asarray(feature(picture[:, :size, :size][:, :, ::-1]))
    assert np.abs(found - found[:, :, ::-1]).max() > 0.02 * np.abs(found).max()
    np.testing.assert_allclose(mirrored, found[:, :, ::-1], atol=1e-4 * np.abs(found).max())
    cells = found.shape[1]
    assert first_cell(model) == (size - 1 - stride * (cells - 1)) / 2
    if backbone == "alexnet":  # The others' deep cells see the border.
        wide = np.asarray(feature(picture))
        assert wide.shape[1] == cells + 1
        np.testing.assert_allclose(wide[:, :cells, :cells], found, atol=1e-4 * np.abs(found).max())


@settings(max_examples=30, deadline=None)
@given(x=st.floats(-60, 700), y=st.floats(-60, 500), side=st.floats(5, 900), odd=st.booleans())
def test_a_centred_crop_shows_the_picture_about_its_centre_at_its_scale(x, y, side, odd):
    out = 31 if odd else 30
    height, width = 480, 640
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    picture = np.stack([columns % 256, rows % 256, 128 + 64 * (columns // 256) + 32 * (rows // 256)], axis=-1)
    fill = jnp.array([7, 8, 9], jnp.uint8)
    patch = cut(as_frame(jnp.asarray(picture.astype(np.uint8))), jnp.array([x, y]), jnp.float32(side), out, fill)
    line = (np.arange(out) - (out - 1) / 2) * side / out
    for axis, (place, length) in enumerate(((x + line, width), (y + line, height))):
        seen = np.moveaxis(np.asarray(patch[..., axis], float), 1 - axis, 0)
        within = (place >= 0) & (place <= length - 1) & (place % 256 < 255)
        other = (y, x)[axis] + line
        across = (other >= 0) & (other <= (height, width)[axis] - 1)
        np.testing.assert_allclose(
            seen[within][:, across], np.broadcast_to(place[within, None] % 256, (within.sum(), across.sum())), atol=0.52
        )
    beyond = (x + line < -1) | (x + line > width)
    np.testing.assert_array_equal(np.asarray(patch)[:, beyond], np.broadcast_to([7, 8, 9], (out, beyond.sum(), 3)))


@pytest.mark.parametrize("size", [151, 152])
def test_every_picture_of_the_first_frame_shows_the_target_where_its_label_is(size):
    online = OnlineConfig(rotations=(10, -45), blurs=(), dropout_samples=2)
    model = ModelConfig(backbone="alexnet", head="siamfc", width=0.05)
    config = Config(model=model, search=SearchConfig(instance_size=size), online=online, fidelity="exact")
    maps = geometry(config)
    centre, side = np.array([143.3, 97.8]), 2 * size / 1.3
    rows, columns = np.mgrid[:200, :300]
    spot = 255 * np.exp(-((columns - centre[0]) ** 2 + (rows - centre[1]) ** 2) / (2 * 6**2))
    frame = as_frame(jnp.asarray(np.repeat(spot[..., None], 3, axis=-1).round().astype(np.uint8)))
    crop = cut(frame, jnp.asarray(centre, jnp.float32), jnp.float32(side), 2 * size, jnp.zeros(3, jnp.uint8))
    shifts = picture_shifts(jnp.asarray([[3, -4], [5, 6], [-7, 8]]), online, size)
    pictures = np.asarray(augment(crop, shifts, online, size))[..., 0]
    labels = np.asarray(maps.first_centres(jnp.asarray(centre), shifts, 2))
    assert isinstance(maps, Exact) and len(labels) == len(pictures) + 2
    for picture, label in zip(pictures, labels, strict=False):
        grid = np.indices(picture.shape)
        middle = (grid * picture).sum(axis=(1, 2)) / picture.sum()
        np.testing.assert_allclose(maps.response_cell(middle), label + (maps.cells - 1) / 2, atol=0.03)


@settings(max_examples=20, deadline=None)
@given(growth=st.floats(0.5, 2), away=st.integers(5, 60))
def test_the_neighbourhood_of_a_peak_follows_the_scale_of_the_crop(growth, away):
    """The same crop of a target that is nearer or farther gets the same verdict."""
    maps = exact("siamrpn_r50")
    line = np.arange(255)
    two = sum(
        height * np.exp(-((line[:, None] - 127) ** 2 + (line - place) ** 2) / 18)
        for height, place in ((1, 127), (0.7, 127 + away))
    )
    size = np.array([30.0, 24.0])
    seen = [
        int(judge(maps, jnp.asarray(two, jnp.float32), region(maps, scale, size / scale), None, HYPER).verdict)
        for scale in (1.0, growth)
    ]
    assert seen[0] == seen[1]
    half = 2.2 * 30 / 2
    if abs(away - half) > 12:
        assert seen[0] == (Verdict.HARD_NEGATIVE if away > half else Verdict.FOUND)


def test_the_weights_of_the_samples_add_up_to_one():
    memory = first_memory(jnp.zeros((3, 2, 2, 1)), jnp.zeros((3, 2)), 8)
    off = []
    for unit in (True, False):
        kept = memory
        for _ in range(60):
            kept = put(kept, jnp.zeros((2, 2, 1)), jnp.zeros(2), 0.05, 3, 0.25, jnp.bool_(True), unit)
        assert float(jnp.sum(kept.weights[:3])) == pytest.approx(0.25, abs=1e-3)
        off.append(abs(float(jnp.sum(kept.weights)) - 1))
    assert off[0] < 1e-6 < 1e-3 < off[1]


def test_the_published_geometry_is_what_it_was():
    maps = geometry(load_settings("siamrpn_alex_otb").config)
    assert maps == Published(pixels=287, cells=26, kernel=4)
    kept = region(maps)
    np.testing.assert_allclose(maps.sample_centre(kept.centre + 10, kept, kept), 10 * 26 / 287 + 0.5, rtol=1e-6)
    np.testing.assert_allclose(
        maps.score_map(jnp.eye(26)), resampling_matrix(26, 287) @ resampling_matrix(26, 287).T, atol=1e-5
    )
