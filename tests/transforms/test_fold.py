"""Normalisation folded into the convolutions before it."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax.traverse_util import flatten_dict, unflatten_dict

import drol_jax
from drol_jax.checkpoint.variables import variable_shapes
from drol_jax.config import ModelConfig
from drol_jax.nets import SiameseNet
from drol_jax.nets.inference.fold import fold
from drol_jax.nets.layers import frozen_norm

SMALL = {
    "alexnet": ModelConfig(backbone="alexnetlegacy", head="depthwise_rpn", width=0.125, head_channels=16),
    "siamfc": ModelConfig(backbone="alexnetlegacy", head="siamfc", width=0.125),
    "resnet": ModelConfig(
        backbone="resnet18", head="multi_rpn", layers=(2,), adjust_channels=(16,), head_channels=16, weighted=False
    ),
    "points": ModelConfig(backbone="mobilenetv3_small_v3", head="points_v3"),
}


def random_variables(model):
    """Weights and statistics that no normalisation leaves as they are."""
    rng = np.random.default_rng(0)

    def numbers(path, shape):
        if path.endswith("var"):
            return rng.uniform(0.5, 2, shape)
        if path.endswith("kernel"):
            return rng.normal(size=shape) / np.sqrt(max(np.prod(shape[:-1]), 1))
        return rng.normal(size=shape) * 0.3 + (1 if path.endswith("scale") else 0)

    flat = {path: numbers(path, shape).astype(np.float32) for path, shape in variable_shapes(model).items()}
    return unflatten_dict(flat, sep="/")


@pytest.mark.parametrize("name", SMALL)
def test_the_folded_network_gives_the_same_numbers_without_any_statistics(name):
    model = SMALL[name]
    variables = random_variables(model)
    folded = fold(model, variables)
    assert "batch_stats" not in folded
    assert not [path for path in flatten_dict(folded["params"], sep="/") if "norm" in path]
    rng = np.random.default_rng(1)
    z, x = (jnp.asarray(rng.integers(0, 256, (1, side, side, 3)), jnp.float32) for side in (127, 255))
    run = jax.jit(lambda variables: SiameseNet(model).apply(variables, z, x))
    for ours, plain in zip(jax.tree.leaves(run(folded)), jax.tree.leaves(run(variables)), strict=True):
        np.testing.assert_allclose(ours, plain, rtol=0, atol=2e-5 * np.abs(plain).max())


def test_a_normalisation_makes_the_arrays_that_flaxs_makes():
    x, key = jnp.ones((1, 2, 2, 3), jnp.bfloat16), jax.random.key(0)
    made, flaxs = (layer.init(key, x) for layer in (frozen_norm(), nn.BatchNorm(use_running_average=True)))
    assert jax.tree.structure(made) == jax.tree.structure(flaxs)
    assert jax.tree.all(jax.tree.map(lambda a, b: a.dtype == b.dtype and bool((a == b).all()), made, flaxs))


def test_a_loaded_tracker_is_folded():
    tracker = drol_jax.load("siamrpn_alex_tiny", online=False)
    assert "batch_stats" not in tracker.variables and "norm1" not in tracker.variables["params"]["backbone"]
