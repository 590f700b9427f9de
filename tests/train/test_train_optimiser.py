"""How parameters move: the learning rate, what is frozen, what decays, what is averaged."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from drol_jax.errors import UserError
from drol_jax.train.optimiser import OptimiserSettings, ScheduleSettings, learning_rate, optimiser, release_step

PARAMS = {
    "backbone": {"conv1": {"kernel": jnp.ones(2), "bias": jnp.ones(1)}, "norm1": {"scale": jnp.ones(1)}},
    "head": {"conv": {"kernel": jnp.ones(2)}},
}


def rates(steps=101, **schedule):
    rate = learning_rate(OptimiserSettings(rate=0.1), ScheduleSettings(**schedule), steps)
    return np.array([rate(step) for step in range(steps)])


def test_the_rate_rises_in_a_line_and_falls_by_a_constant_factor():
    found = rates(kind="log", warmup=0.2, warmup_from=0.2, final=0.01)
    np.testing.assert_allclose(found[[0, 10, 20, 100]], [0.02, 0.06, 0.1, 0.001], rtol=1e-5)
    np.testing.assert_allclose(found[21:] / found[20:-1], 0.01 ** (1 / 80), rtol=1e-4)


def test_the_rate_follows_a_cosine_or_stays():
    found = rates(kind="cosine", warmup=0, final=0.1)
    wanted = 0.1 * (0.1 + 0.9 * (1 + np.cos(np.pi * np.arange(101) / 100)) / 2)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    np.testing.assert_allclose(rates(kind="constant", warmup=0), 0.1, rtol=1e-6)


def moved(settings, schedule, steps, taken, gradient=None):
    """Parameters after so many steps of a run."""
    optimise = optimiser(settings, schedule, steps, PARAMS)
    gradient = jax.tree.map(jnp.ones_like, PARAMS) if gradient is None else gradient

    @jax.jit
    def step(params, state):
        updates, state = optimise.update(gradient, state, params)
        return optax.apply_updates(params, updates), state

    params, state = PARAMS, optimise.init(PARAMS)
    for _ in range(taken):
        params, state = step(params, state)
    return jax.tree.map(np.asarray, params)


CONSTANT = ScheduleSettings(kind="constant", warmup=0)


def test_a_step_of_sgd_is_the_rate_times_momentum_of_gradient_and_decay():
    settings = OptimiserSettings(rate=0.1, momentum=0.5, weight_decay=0.1, clip=100)
    head = moved(settings, CONSTANT, 10, 2)["head"]["conv"]["kernel"]
    first = 1 - 0.1 * 1.1
    second = first - 0.1 * (0.5 * 1.1 + 1 + 0.1 * first)
    np.testing.assert_allclose(head, second, rtol=1e-6)


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_norms_and_biases_do_not_decay(kind):
    nothing = jax.tree.map(jnp.zeros_like, PARAMS)
    found = moved(OptimiserSettings(kind=kind, weight_decay=0.1), CONSTANT, 10, 3, nothing)
    assert (found["backbone"]["conv1"]["kernel"] < 1).all()
    assert (found["backbone"]["conv1"]["bias"] == 1).all()
    assert (found["backbone"]["norm1"]["scale"] == 1).all()


def test_the_gradient_is_clipped_by_its_norm_over_all_parameters():
    settings = OptimiserSettings(rate=1.0, momentum=0, weight_decay=0, clip=0.6)
    found = moved(settings, CONSTANT, 10, 1)
    # Six ones have the norm sqrt(6).
    np.testing.assert_allclose(found["head"]["conv"]["kernel"], 1 - 0.6 / np.sqrt(6), rtol=1e-6)


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_the_backbone_rests_until_its_release_and_then_starts_afresh(kind):
    settings = OptimiserSettings(kind=kind, rate=0.1, weight_decay=0.1)
    schedule = ScheduleSettings(kind="constant", warmup=0, release=0.4)
    assert release_step(schedule, 10) == 4
    before, after = (moved(settings, schedule, 10, taken) for taken in (4, 5))
    assert (before["backbone"]["conv1"]["kernel"] == 1).all()
    assert (before["head"]["conv"]["kernel"] < 1).all()
    at_once = moved(settings, CONSTANT, 10, 1)
    np.testing.assert_allclose(after["backbone"]["conv1"]["kernel"], at_once["backbone"]["conv1"]["kernel"], rtol=1e-6)


def test_parts_have_rates_of_their_own_and_the_longest_name_counts():
    settings = OptimiserSettings(
        rate=0.1, momentum=0, weight_decay=0, clip=100, rates={"backbone": 0.1, "backbone/norm1": 0.0}
    )
    found = moved(settings, CONSTANT, 10, 1)
    np.testing.assert_allclose(found["head"]["conv"]["kernel"], 0.9, rtol=1e-6)
    np.testing.assert_allclose(found["backbone"]["conv1"]["kernel"], 0.99, rtol=1e-6)
    np.testing.assert_allclose(found["backbone"]["norm1"]["scale"], 1)


def test_a_rate_for_a_part_that_is_not_there_is_refused():
    with pytest.raises(UserError, match=r"optimiser.rates names 'backbone/conv9'"):
        optimiser(OptimiserSettings(rates={"backbone/conv9": 0.1}), CONSTANT, 10, PARAMS)
