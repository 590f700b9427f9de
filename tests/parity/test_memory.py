"""The sample memory: recorded slots and weights, and the laws that hold for any history."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drol_jax.online.memory import Memory, filled, first_memory, insert

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "online.npz")
FIRST, MINIMUM = 30, jnp.float32(0.25)
YES, NO = jnp.asarray(True), jnp.asarray(False)


def fresh(size: int, first: int = FIRST, side: int = 2, channels: int = 1) -> Memory:
    shape = (first, side, side, channels)
    features = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    return first_memory(jnp.asarray(features), jnp.ones((first, 2), jnp.float32), size)


def sample(t) -> tuple[jax.Array, jax.Array]:
    return jnp.full((2, 2, 1), t, jnp.float32), jnp.full((2,), t, jnp.float32)


@jax.jit
def run(memory: Memory, rates: jax.Array, accepts: jax.Array, minimum: jax.Array):
    """Insert samples -1, -2, ...; the memory at the end and its weights and slot after every step."""

    def body(carry, step):
        memory, t = carry
        rate, accept = step
        memory = insert(memory, *sample(t), rate, FIRST, minimum, accept)
        return (memory, t - 1), (memory.weights, memory.previous, filled(memory))

    (memory, _), history = jax.lax.scan(body, (memory, jnp.float32(-1)), (rates, accepts))
    return memory, history


@pytest.mark.parametrize(("size", "steps", "every"), [(250, 30, 1), (50, 30, 1), (250, 400, 20)])
def test_slots_and_weights_equal_the_recorded_ones(size, steps, every):
    key = f"memory_{size}_{steps}"
    rates, slots = GOLDEN[f"{key}_rate"], GOLDEN[f"{key}_slot"]
    memory, (weights, previous, count) = run(fresh(size), jnp.asarray(rates), jnp.ones(steps, bool), MINIMUM)
    np.testing.assert_array_equal(previous, slots)
    np.testing.assert_allclose(weights[every - 1 :: every], GOLDEN[f"{key}_weights"], atol=1e-6)
    np.testing.assert_array_equal(count, np.minimum(FIRST + 1 + np.arange(steps), size))

    features, centres = np.asarray(memory.features), np.asarray(memory.centres)
    # Every slot holds the last sample that went in, and the first frame's samples are untouched.
    last = {int(slot): -1.0 - t for t, slot in enumerate(slots)}
    for slot, value in last.items():
        np.testing.assert_array_equal(features[slot], value)
        np.testing.assert_array_equal(centres[slot], value)
    np.testing.assert_array_equal(features[:FIRST], fresh(size).features[:FIRST])


def replaced_as_published(rates, size, first):
    """Slots in which samples go, by the published program's loop, with a least weight of zero."""
    weights, previous, slots = np.zeros(size, np.float32), None, []
    weights[:first] = np.float32(1) / first
    for rate in rates:
        slot = int(np.argmin(weights))
        if previous is None:
            weights /= 1 - rate
            weights[slot] = rate
        else:
            weights[slot] = weights[previous] / (1 - rate)
        weights /= weights.sum()
        previous = slot
        slots.append(slot)
    return slots, weights


def test_first_samples_that_may_weigh_nothing_are_replaced_like_others():
    # Sizes of rates such that no two weights come so near each other that rounding would choose between them.
    rates = np.where(np.arange(120) % 3, 0.1, 0.2).astype(np.float32)
    slots, weights = replaced_as_published(rates, 50, FIRST)
    _, (ours, previous, _) = run(fresh(50), jnp.asarray(rates), jnp.ones(120, bool), jnp.float32(0))
    assert set(range(FIRST)) <= set(slots)
    np.testing.assert_array_equal(previous, slots)
    np.testing.assert_allclose(ours[-1], weights, atol=1e-5)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), top_rate=st.floats(0.01, 0.5), minimum=st.floats(0, 0.9))
def test_any_history_keeps_the_laws(seed, top_rate, minimum):
    rng = np.random.default_rng(seed)
    rates = rng.uniform(0.001, top_rate, 60).astype(np.float32)
    accepts = rng.random(60) < 0.7
    start = fresh(50)
    _, (weights, previous, _) = run(start, jnp.asarray(rates), jnp.asarray(accepts), jnp.float32(minimum))
    weights = np.asarray(weights)
    assert np.all(weights >= 0)

    # The first samples keep their least weight. Raising them lifts the sum a little over one, as published.
    first, total = weights[:, :FIRST].sum(axis=1), weights.sum(axis=1)
    assert np.all(first >= minimum - 1e-5)
    unraised = first > minimum + 1e-4
    np.testing.assert_allclose(total[unraised], 1, rtol=1e-5)
    assert np.all((total > 1 - 1e-5) & (total < 1 + minimum**2 / (1 + minimum) + 1e-5))

    before = np.concatenate([np.asarray(start.weights)[None], weights[:-1]])
    np.testing.assert_array_equal(weights[~accepts], before[~accepts])
    np.testing.assert_array_equal(np.asarray(previous) == -1, np.cumsum(accepts) == 0)


@pytest.mark.parametrize("rate", [0.01, 0.02])
def test_weights_sum_to_one_at_published_rates(rate):
    _, (weights, _, _) = run(fresh(250), jnp.full(400, rate, jnp.float32), jnp.ones(400, bool), MINIMUM)
    np.testing.assert_allclose(np.asarray(weights).sum(axis=1), 1, atol=1.5e-3)


@pytest.mark.parametrize("history", [0, 1, 30])
def test_a_refused_sample_changes_nothing(history):
    memory = fresh(50)
    if history:
        memory, _ = run(memory, jnp.full(history, 0.02, jnp.float32), jnp.ones(history, bool), MINIMUM)
    after = jax.jit(insert, static_argnums=4)(memory, *sample(jnp.nan), jnp.float32(0.01), FIRST, MINIMUM, NO)
    jax.tree.map(np.testing.assert_array_equal, after, memory)
    assert jax.tree.map(lambda a: a.dtype, after) == jax.tree.map(lambda a: a.dtype, memory)


def test_the_latest_sample_outweighs_the_one_before():
    rates = np.resize(np.float32([0.01, 0.2, 0.02]), 30)
    _, (weights, previous, _) = run(fresh(250), jnp.asarray(rates), jnp.ones(30, bool), MINIMUM)
    weights, previous = np.asarray(weights), np.asarray(previous)
    for t in range(1, 30):
        np.testing.assert_allclose(weights[t, previous[t]] / weights[t, previous[t - 1]], 1 / (1 - rates[t]), rtol=1e-5)


def test_vmap_equals_loop():
    rng = np.random.default_rng(1)
    rates = jnp.asarray(rng.uniform(0.01, 0.1, (4, 30)), jnp.float32)
    accepts = jnp.asarray(rng.random((4, 30)) < 0.6)
    minimum = jnp.asarray([0.1, 0.25, 0.4, 0.6], jnp.float32)
    starts = jax.tree.map(lambda a: jnp.stack([a] * 4), fresh(50))
    lanes = jax.jit(jax.vmap(run))(starts, rates, accepts, minimum)
    for lane in range(4):
        alone = run(fresh(50), rates[lane], accepts[lane], minimum[lane])
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a[lane], b, rtol=1e-6, atol=1e-7), lanes, alone)  # noqa: B023


def test_insertion_is_in_place_under_donation():
    memory = fresh(250, side=22, channels=64)
    arguments = (jnp.zeros((22, 22, 64)), jnp.zeros(2), jnp.float32(0.01), FIRST, MINIMUM, NO)
    compiled = jax.jit(insert, static_argnums=4, donate_argnums=0).lower(memory, *arguments).compile()
    one_slot = memory.features[0].nbytes
    assert compiled.memory_analysis().alias_size_in_bytes >= memory.features.nbytes
    assert compiled.memory_analysis().temp_size_in_bytes <= 2 * one_slot


def test_a_memory_without_room_is_refused():
    with pytest.raises(ValueError, match="no room"):
        fresh(30)
