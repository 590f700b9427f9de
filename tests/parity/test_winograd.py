"""Winograd's convolution against the plain one, and which layers are given to it."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import recipe
from flax.traverse_util import flatten_dict
from recorded import relative_error

from drol_jax import checkpoint, load
from drol_jax.nets import Network
from drol_jax.nets.inference.prepare import prepare
from drol_jax.nets.kernels import LAYOUT, blocks, winograd
from drol_jax.nets.layers import FAST_KERNELS
from drol_jax.settings import load_settings


@pytest.mark.parametrize(
    ("size", "groups", "pad", "dilation"), [(3, 1, 0, 1), (5, 2, 0, 1), (3, 1, 1, 1), (3, 1, 2, 2), (3, 2, 4, 4)]
)
def test_it_is_the_plain_convolution(size, groups, pad, dilation):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 19, 22, 8)).astype(np.float32)
    kernel = rng.normal(size=(size, size, 8 // groups, 6)).astype(np.float32)
    padding = ((pad, pad), (pad, pad))
    with jax.default_matmul_precision("highest"):
        wanted = jax.lax.conv_general_dilated(
            x, kernel, (1, 1), padding, None, (dilation, dilation), LAYOUT, feature_group_count=groups
        )
        basis = winograd.kernel_basis(kernel, groups)
        found = jax.jit(winograd.convolve, static_argnums=(2, 3, 4))(jnp.asarray(x), basis, size, padding, dilation)
    assert found.shape == wanted.shape
    assert relative_error(np.asarray(found), np.asarray(wanted)) < 2e-5


@pytest.mark.parametrize("size", winograd.ROWS_OF)
@pytest.mark.parametrize("rows", [6, 7, 20])
def test_along_the_rows_alone_it_is_the_plain_convolution_too(size, rows):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, rows, 9, 8)).astype(np.float32)
    kernel = rng.normal(size=(size, size, 8, 6)).astype(np.float32)
    with jax.default_matmul_precision("highest"):
        wanted = jax.lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=LAYOUT)
        found = jax.jit(winograd.by_rows)(x, kernel)
    assert found.shape == wanted.shape
    assert relative_error(np.asarray(found), np.asarray(wanted)) < 5e-6


@pytest.mark.parametrize(("size", "stride"), [(11, 2), (7, 2), (5, 1), (3, 1), (12, 4)])
@pytest.mark.parametrize("shape", [(1, 31, 44), (2, 24, 21)])
def test_over_blocks_with_a_kernel_made_beforehand_it_is_the_plain_strided_convolution(size, stride, shape):
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 255, (*shape, 3)).astype(np.float32)
    kernel = rng.normal(size=(size, size, 3, winograd.LEAST_CHANNELS)).astype(np.float32)
    basis = blocks.blocks_basis(kernel, stride)
    with jax.default_matmul_precision("highest"):
        wanted = jax.lax.conv_general_dilated(x, kernel, (stride, stride), "VALID", dimension_numbers=LAYOUT)
        found = jax.jit(blocks.by_blocks, static_argnums=(2, 3))(x, basis, size, stride)
    assert found.shape == wanted.shape
    assert relative_error(np.asarray(found), np.asarray(wanted)) < 5e-6


def test_over_blocks_images_of_bytes_count_as_floats():
    x = np.random.default_rng(0).integers(0, 255, (1, 24, 24, 3)).astype(np.uint8)
    basis = blocks.blocks_basis(np.ones((7, 7, 3, winograd.LEAST_CHANNELS), np.float32), 2)
    found = [
        np.asarray(blocks.by_blocks(image, basis, 7, 2)) for image in (jnp.asarray(x), jnp.asarray(x, jnp.float32))
    ]
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize(("size", "stride", "outputs"), [(3, 2, 24), (11, 2, 16), (11, 1, 24)])
def test_over_blocks_no_kernel_is_made_where_the_algorithm_does_not_pay(size, stride, outputs):
    assert blocks.blocks_basis(np.zeros((size, size, 3, outputs), np.float32), stride) is None


@pytest.mark.parametrize(
    ("size", "rows"), [*winograd.ROWS_OF.items(), *((size, winograd.TILE) for size in winograd.KERNEL_SIZES)]
)
def test_the_matrices_give_the_outputs_of_a_tile_exactly(size, rows):
    outputs, kernel, picture = winograd.transforms(size, rows)
    rng = np.random.default_rng(1)
    taps, line = rng.normal(size=size), rng.normal(size=rows + size - 1)
    wanted = np.correlate(line, taps, "valid")
    np.testing.assert_allclose(outputs @ ((kernel @ taps) * (picture @ line)), wanted, rtol=1e-12, atol=1e-12)


def test_preparing_adds_fast_kernels_and_leaves_the_weights_as_they_are():
    settings = load_settings("siamrpn_alex_tiny")
    variables = checkpoint.load(checkpoint.resolve(settings.weights), settings.config.model).variables
    prepared = prepare(settings.config.model, variables)
    assert {kind: prepared[kind] for kind in variables} == variables
    layers = {"/".join(path) for path in flatten_dict(prepared[FAST_KERNELS])}
    assert layers == {
        *(f"backbone/conv{i}/kernel" for i in (1, 2, 3, 4, 5)),
        "head/cls/search_conv/kernel",
        "head/loc/search_conv/kernel",
    }


def test_filters_of_single_channels_are_prepared_as_they_are_for_their_bias_to_go_with_them():
    tracker = load("drol_nano")
    prepared = flatten_dict(tracker.variables[FAST_KERNELS])
    assert set(prepared) == {("backbone", f"block{i}", "filter", "kernel") for i in range(1, 9)}
    for path, kernel in prepared.items():
        assert kernel.shape[2] == 1
        np.testing.assert_array_equal(kernel, flatten_dict(tracker.variables["params"])[path])


@pytest.mark.parametrize(
    ("name", "layers"), [("siamrpn_alex_tiny", (2, 5)), ("siamfc_alex_tiny", ()), ("drol_nano", ())]
)
def test_several_pictures_have_the_features_that_plain_kernels_give(name, layers):
    tracker = load(name)
    assert FAST_KERNELS in tracker.variables
    model = replace(tracker.config.model, online_layers=layers)
    plain = {kind: tree for kind, tree in tracker.variables.items() if kind != FAST_KERNELS}
    pictures = jnp.asarray(recipe.uniform("pictures", (3, 127, 127, 3), 0, 255))
    found, wanted = (Network(model, variables).feature(pictures) for variables in (tracker.variables, plain))
    assert relative_error(np.asarray(found), np.asarray(wanted)) < 2e-5


def test_loading_leaves_them_out_where_memory_counts_more():
    assert FAST_KERNELS not in load("siamrpn_alex_tiny", fast_kernels=False).variables
