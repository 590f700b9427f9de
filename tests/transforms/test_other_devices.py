"""The forms that computations take on devices other than CPUs, here on one: as the CPU's own, but for rounding."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import recipe
import small_tracker

from drol_jax.datasets import Sequence
from drol_jax.image.crops import as_frame, centred_crop, crop
from drol_jax.nets import Network
from drol_jax.nets.inference.prepare import laid_out
from drol_jax.nets.kernels.blocks import space_to_depth
from drol_jax.nets.kernels.convolution import by_channel, by_rows, grouped, pointwise, strided
from drol_jax.nets.kernels.pooling import mean_of_map
from drol_jax.online import fit
from drol_jax.online.memory import Memory
from drol_jax.online.response import respond
from drol_jax.running.lanes import lanes_like, put, step_lanes
from drol_jax.running.loop import Runner
from drol_jax.system.lazy_cond import lazy_cond

TRACKER = small_tracker.tracker(template_update=True)
FRAMES = 24


@pytest.fixture
def on_each(monkeypatch):
    """on_each(function, *args): what it gives here and elsewhere, on a device that no form is made for."""
    chosen = []

    def elsewhere(*args, default, **_):
        chosen.append(default)
        return default(*args)

    def both(function, *args):
        here = jax.tree.map(np.asarray, function(*args))
        monkeypatch.setattr(jax.lax, "platform_dependent", elsewhere)
        jax.clear_caches()  # programs remember the form that they were traced with
        there = jax.tree.map(np.asarray, function(*args))
        assert chosen  # or there was nothing to choose, and to compare
        return here, there

    yield both
    jax.clear_caches()


def follow(state, frames, step):
    """Outputs along a video, stacked."""
    told = []
    for t in frames:
        state, output = step(state, small_tracker.picture(t))
        told.append(output)
    return jax.tree.map(lambda *leaves: np.stack(leaves), *told)


def assert_same_tracks(one, other):
    np.testing.assert_allclose(one.box, other.box, atol=1e-2)
    np.testing.assert_allclose(one.score, other.score, atol=1e-4)
    for name in ("verdict", "template", "refitted"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_a_target_is_tracked_alike(on_each):
    def track():
        state = TRACKER.init(small_tracker.picture(0), small_tracker.BOX, jax.random.key(0))
        return follow(state, range(1, FRAMES), TRACKER.step)

    here, there = on_each(track)
    assert_same_tracks(here, there)
    assert here.refitted.any()


@pytest.mark.deep
def test_targets_in_lanes_are_tracked_alike(on_each):
    boxes = small_tracker.lanes_of_boxes(3)

    def track():
        start = [TRACKER.init(small_tracker.picture(0), boxes[i], jax.random.key(i)) for i in range(2)]
        lanes = lanes_like(start[0], 3)
        for i, state in enumerate(start):
            lanes = put(lanes, jnp.int32(2 * i), state)  # the lane between them has no target
        stepped = jax.jit(lambda lanes, frames: step_lanes(TRACKER.model, lanes, frames))

        def step(lanes, picture):
            return stepped(lanes, jax.tree.map(lambda leaf: jnp.stack([leaf] * 3), as_frame(jnp.asarray(picture))))

        return follow(lanes, range(1, FRAMES), step)

    here, there = on_each(track)
    assert_same_tracks(here, there)
    assert here.refitted[:, 0].any() and not here.box[:, 1].any()


@pytest.mark.deep
def test_kernels_in_the_order_that_gpus_read_are_the_same_kernels():
    other = replace(TRACKER, variables=laid_out(TRACKER.variables))
    kernels = [leaf for leaf in jax.tree.leaves(other.variables) if leaf.ndim == 4]
    assert kernels and {leaf.format.layout.major_to_minor for leaf in kernels} == {(3, 0, 1, 2)}
    jax.tree.map(np.testing.assert_array_equal, other.variables, TRACKER.variables)
    pictures = tuple(lambda t=t: small_tracker.picture(t) for t in range(FRAMES))
    sequence = Sequence("moving", pictures, np.tile(np.array(small_tracker.BOX), (FRAMES, 1)))
    here, there = (Runner(tracker, late=True).run(sequence, 0) for tracker in (TRACKER, other))
    np.testing.assert_allclose(here.boxes, there.boxes, atol=1e-2)
    assert here.verdicts.tolist() == there.verdicts.tolist()


@pytest.mark.parametrize("rule", [crop, centred_crop])
@pytest.mark.parametrize("out", [31, 32])
def test_a_patch_is_the_same_to_the_bit(on_each, rule, out):
    frame = as_frame(jnp.asarray(small_tracker.picture(0)))
    arguments = jnp.array([5.3, 40.8]), jnp.float32(61.7), out, jnp.array([7, 99, 201], jnp.uint8)
    here, there = on_each(rule, frame, *arguments)
    assert here.shape == (out, out, 3) and here.std() > 0
    np.testing.assert_array_equal(here, there)


@pytest.mark.parametrize("count", [2, 4, 5, 9])
def test_features_of_several_pictures_are_alike_however_many(on_each, count):
    pictures = jnp.asarray(recipe.uniform("pictures", (count, 127, 127, 3), 0, 255))
    net = Network(TRACKER.config.model, TRACKER.variables)
    here, there = on_each(jax.jit(net.feature), pictures)
    assert here.shape[0] == count
    np.testing.assert_allclose(here, there, atol=1e-4 * np.abs(there).max())
    np.testing.assert_allclose(here[-1:], net.feature(pictures[-1:]), atol=1e-4 * np.abs(there).max())


def test_a_filters_response_is_alike(on_each):
    features, filter = recipe.tensor("features", (3, 9, 9, 6), 1.0), recipe.tensor("filter", (4, 4, 6), 1.0)
    here, there = on_each(respond, jnp.asarray(features), jnp.asarray(filter))
    np.testing.assert_allclose(here, there, rtol=1e-5, atol=1e-5)


SLOTS = 41


def memory_of(used):
    """A memory whose first `used` slots are filled."""
    some = np.arange(SLOTS) < used
    features = recipe.tensor("refit/features", (SLOTS, 7, 7, 3), 1.0) * some[:, None, None, None]
    centres = recipe.tensor("refit/centres", (SLOTS, 2), 1.5)
    arrays = features, centres, (some / used).astype(np.float32), np.int32(-1)
    return Memory(**dict(zip(("features", "centres", "weights", "previous"), map(jnp.asarray, arrays), strict=True)))


def refitted(filter, memory):
    return fit.refit(filter, memory, jnp.float32(1.1), 4, TRACKER.hyper)[0]


FILTER = jnp.asarray(recipe.tensor("refit/filter", (4, 4, 3), 0.05))


@pytest.fixture
def small_parts(monkeypatch):
    """Of SLOTS products go over 11, 21 or all."""
    monkeypatch.setattr(fit, "LEAST", 10)
    assert fit._parts(SLOTS, fit.LEAST) == [11, 21, SLOTS]


@pytest.mark.parametrize("used", [1, 11, 12, 21, 22, SLOTS])
def test_a_refit_is_alike_however_much_is_filled(on_each, small_parts, used):
    here, there = on_each(jax.jit(refitted), FILTER, memory_of(used))
    assert np.abs(here - FILTER).max() > 1e-3
    np.testing.assert_allclose(here, there, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("fills", [(5, 9), (5, SLOTS)])
def test_refits_of_lanes_are_alike_however_much_each_has_filled(on_each, small_parts, fills):
    memories = jax.tree.map(lambda *leaves: jnp.stack(leaves), *map(memory_of, fills))
    here, there = on_each(jax.jit(jax.vmap(refitted)), jnp.stack([FILTER, 2 * FILTER]), memories)
    np.testing.assert_allclose(here, there, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("convolution", "kernel", "strides", "padding", "rest"),
    [
        (pointwise, (1, 1, 32, 8), (1, 1), (0, 0), {}),
        (by_rows, (5, 5, 32, 24), (1, 1), (0, 0), {}),
        (strided, (3, 3, 32, 8), (2, 2), (0, 0), {}),
        (strided, (4, 4, 32, 8), (3, 3), (0, 0), {}),
        (space_to_depth, (11, 11, 32, 24), (2, 2), (0, 0), {}),
        (grouped, (3, 3, 24, 48), (1, 1), (0, 0), {"feature_group_count": 2}),
        (by_channel, (3, 3, 1, 32), (2, 2), (1, 1), {"rhs_dilation": (2, 2)}),
    ],
)
def test_a_convolution_and_its_gradients_are_alike(on_each, convolution, kernel, strides, padding, rest):
    channels = 32 if convolution is by_channel else kernel[2] * rest.get("feature_group_count", 1)
    x = jnp.asarray(recipe.tensor("x", (2, 21, 21, channels), 0.1))
    kernel = jnp.asarray(recipe.tensor("k", kernel, 0.1))

    def value_and_slopes(x, kernel):
        y, back = jax.vjp(lambda x, kernel: convolution(x, kernel, strides, (padding, padding), **rest), x, kernel)
        return y, back(y)

    here, there = on_each(jax.jit(value_and_slopes), x, kernel)
    for one, other in zip(jax.tree.leaves(here), jax.tree.leaves(there), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_the_mean_of_a_map_is_alike_alone_and_beside_others(on_each, dtype):
    maps = jnp.asarray(recipe.tensor("maps", (2, 15, 13, 8), 0.1)).astype(dtype)
    wanted = maps[:1].astype(jnp.float32).mean((1, 2))
    for found in (*on_each(jax.jit(mean_of_map), maps[:1]), jax.jit(mean_of_map)(maps)[:1]):
        assert found.dtype == dtype
        np.testing.assert_allclose(found.astype(np.float32), wanted, rtol=1e-5 if dtype == jnp.float32 else 1e-2)


@pytest.mark.parametrize("at_once", [1, 2, 8])
def test_a_branch_is_taken_by_the_lanes_that_ask_however_many_at_once(on_each, at_once):
    asked = jnp.array([True, False, True, True, False])
    carried, rest = jnp.arange(5.0), 10 * jnp.arange(5.0)
    call = jax.vmap(lazy_cond(lambda carried, rest: carried + rest, at_once))
    for found in on_each(lambda: jax.jit(call)(asked, carried, rest)):
        np.testing.assert_array_equal(found, jnp.where(asked, carried + rest, carried))
