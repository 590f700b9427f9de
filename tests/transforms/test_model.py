"""A `Model` is one value: jit compiles once for its configuration, vmap runs many of its settings at once."""

from dataclasses import replace

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small_tracker
from small_tracker import BOX, FAST, NO_HARD_NEGATIVES

import drol_jax

TRACKER = small_tracker.tracker(**NO_HARD_NEGATIVES)
MODEL = TRACKER.model
step = jax.jit(chex.assert_max_traces(drol_jax.step, n=1))


def frame(t):
    return jnp.asarray(small_tracker.picture(t))


@pytest.fixture(scope="module")
def start():
    return TRACKER.init(small_tracker.picture(), BOX)


def test_other_scalars_and_weights_are_no_other_program(start):
    weaker = replace(MODEL, hyper=replace(MODEL.hyper, fusion=jnp.float32(0.1)))
    silent = replace(MODEL, variables=jax.tree.map(jnp.zeros_like, MODEL.variables))
    for model in (MODEL, weaker, silent):
        step(model, start, frame(1))  # a second trace would be an error


def test_settings_under_vmap_are_those_settings_one_by_one(start):
    weights = jnp.array([0.0, 0.4, 0.9])
    many = replace(MODEL, hyper=jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, 3), MODEL.hyper))
    many = replace(many, hyper=replace(many.hyper, window_influence=weights))
    axes = replace(MODEL, variables=None, hyper=0)
    together = jax.jit(jax.vmap(drol_jax.step, in_axes=(axes, None, None)), compiler_options=FAST)
    _, outputs = together(many, start, frame(1))
    for lane, weight in enumerate(weights):
        alone = replace(MODEL, hyper=replace(MODEL.hyper, window_influence=weight))
        _, output = step(alone, start, frame(1))
        np.testing.assert_allclose(outputs.box[lane], output.box, atol=1e-3)
    assert len({tuple(np.round(box, 2)) for box in np.asarray(outputs.box)}) > 1


def test_a_step_tells_how_its_refit_went_where_it_is_asked(start):
    told = jax.jit(drol_jax.step, static_argnames="stats", compiler_options=FAST)
    state, found = start, []
    for t in range(1, 11):
        plain, output = step(MODEL, state, frame(t))
        state, output_with_stats = told(MODEL, state, frame(t), stats=True)
        assert output.refit is None
        np.testing.assert_allclose(output_with_stats.box, output.box, atol=1e-3)
        np.testing.assert_allclose(state.online.filter, plain.online.filter, atol=1e-5)
        found.append((bool(output_with_stats.refitted), jax.tree.map(float, output_with_stats.refit)))
    assert {refitted for refitted, _ in found} == {False, True}
    for refitted, stats in found:
        if refitted:
            assert stats.iterations == MODEL.config.online.refit_iterations
            assert 0 < stats.residual_after < stats.residual_before
        else:
            assert (stats.iterations, stats.residual_before, stats.residual_after) == (0, 0, 0)
