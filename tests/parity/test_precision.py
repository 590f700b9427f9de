"""The switch between float32, tf32 and bfloat16."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import recipe

import drol_jax
from drol_jax.errors import UserError
from drol_jax.nets import Network
from drol_jax.nets.inference.precision import reduced
from drol_jax.nets.layers import FAST_KERNELS

NAME = "siamrpn_alex_tiny"


@pytest.fixture(scope="module")
def tracker():
    return drol_jax.load(NAME)


def features(tracker, precision):
    variables = {kind: tree for kind, tree in tracker.variables.items() if kind != FAST_KERNELS}
    picture = jnp.asarray(recipe.net_inputs(287)[1][None])
    net = jax.jit(lambda variables, x: Network(tracker.config.model, variables, precision).feature(x))
    return np.asarray(net(variables, picture))


def test_bfloat16_computes_the_network_in_it_and_comes_back_near_float32(tracker):
    full, lesser = features(tracker, "float32"), features(tracker, "bfloat16")
    assert lesser.dtype == np.float32
    apart = np.abs(full - lesser).max() / np.abs(full).max()
    assert 1e-4 < apart < 5e-2


def test_bfloat16_is_the_type_of_convolutions_kernels_and_biases_and_of_nothing_else():
    convolution = {"kernel": jnp.ones((1, 1, 2, 3)), "bias": jnp.ones(3)}
    others = {"norm": {"scale": jnp.ones(3), "bias": jnp.ones(3)}, "loc_scale": jnp.ones(1)}
    found = reduced({"params": {"conv": convolution, **others}}, "bfloat16")["params"]
    assert {leaf.dtype for leaf in jax.tree.leaves(found.pop("conv"))} == {jnp.dtype("bfloat16")}
    assert {leaf.dtype for leaf in jax.tree.leaves(found)} == {jnp.dtype("float32")}


def test_what_leaves_a_bfloat16_network_is_float32(tracker):
    variables = {kind: tree for kind, tree in tracker.variables.items() if kind != FAST_KERNELS}
    z, x = (jnp.asarray(picture[None]) for picture in recipe.net_inputs(255))

    def run(variables):
        net = Network(tracker.config.model, variables, "bfloat16")
        search = net.search(x)
        return net.match(net.template(z), search), search.feature

    assert {leaf.dtype for leaf in jax.tree.leaves(jax.eval_shape(run, variables))} == {jnp.dtype("float32")}


def test_bfloat16_is_not_overruled_by_fast_kernels(tracker):
    assert FAST_KERNELS in tracker.variables
    assert FAST_KERNELS not in reduced(tracker.variables, "bfloat16")


def test_where_there_is_no_tf32_it_is_float32(tracker):
    if jax.default_backend() != "cpu":
        pytest.skip("this device may have tf32")
    np.testing.assert_array_equal(features(tracker, "float32"), features(tracker, "tf32"))


def test_a_tracker_of_lesser_precision_has_a_name_of_its_own():
    lesser = drol_jax.load(NAME, precision="bfloat16", online=False)
    assert lesser.name == f"{NAME}_bfloat16" and lesser.config.precision == "bfloat16"
    assert FAST_KERNELS not in lesser.variables
    frame = recipe.frame(0)
    state = lesser.init(frame, recipe.target_box(0))
    _, output = lesser.step(state, frame)
    assert np.isfinite(output.box).all() and output.box.dtype == jnp.float32


def test_an_unknown_precision_is_named():
    with pytest.raises(UserError, match=r"precision is 'float16'; choose one of: float32, tf32, bfloat16"):
        drol_jax.load(NAME, precision="float16")  # pyright: ignore[reportArgumentType]
