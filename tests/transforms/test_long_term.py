"""The long-term tracker: what it does while the target is lost, and what that costs while it is not."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small_tracker
from small_tracker import BOX, NO_HARD_NEGATIVES

from drol_jax.tracker import search as searching
from drol_jax.tracker import step as pure
from drol_jax.tracker.start import init_draws
from drol_jax.tracker.step import decide_whether_lost

LOST_SIZE = 215
NEVER, ALWAYS = {"confidence_low": 0.0, "confidence_high": 0.0}, {"confidence_low": 1.1, "confidence_high": 1.1}
LANES = 3
TRACKER = small_tracker.tracker(lost_size=LOST_SIZE, **NEVER, **NO_HARD_NEGATIVES)


def frame(t):
    return jnp.asarray(small_tracker.picture(t))


def with_hyper(changes):
    return replace(TRACKER, hyper=replace(TRACKER.hyper, **{k: jnp.float32(v) for k, v in changes.items()}))


@pytest.fixture(scope="module")
def start():
    return TRACKER.init(small_tracker.picture(), BOX)


def test_a_target_never_lost_is_tracked_as_by_the_short_term_tracker(start):
    plain, own = small_tracker.tracker(**NO_HARD_NEGATIVES), start
    other = plain.init(small_tracker.picture(), BOX)
    for t in range(1, 4):
        own, a = TRACKER.step(own, frame(t))
        other, b = plain.step(other, frame(t))
        assert not a.lost
        np.testing.assert_allclose(a.box, b.box, atol=1e-4)
        np.testing.assert_allclose(own.online.filter, other.online.filter, atol=1e-6)


def test_a_lost_target_stays_where_it_was_and_nothing_is_learned(start):
    tracker, state = with_hyper(ALWAYS), start
    state, output = tracker.step(state, frame(1))
    # The frame that loses the target is still one of the ordinary region.
    assert output.lost
    assert int(state.online.memory.previous) >= 0
    for t in range(2, 4):
        before = state
        state, output = tracker.step(state, frame(t))
        assert output.lost
        assert not output.refitted
        np.testing.assert_array_equal(output.box[2:], before.size)
        for name in ("filter", "memory", "centre", "size"):
            jax.tree.map(np.testing.assert_array_equal, getattr(state.online, name), getattr(before.online, name))
        np.testing.assert_array_equal(state.centre, before.centre)


def test_a_score_between_the_thresholds_changes_nothing(start):
    hyper = with_hyper({"confidence_low": 0.4, "confidence_high": 0.6}).hyper
    found = jax.eval_shape(lambda: searching.search(TRACKER.model, start, pure_frame()))

    def after(lost, score):
        state = replace(start, lost=jnp.bool_(lost))
        return bool(decide_whether_lost(hyper, state, replace(found, candidate=candidate(score))).lost)

    def candidate(score):
        return replace(found.candidate, score=jnp.float32(score))

    assert [after(lost, score) for score in (0.3, 0.5, 0.7) for lost in (False, True)] == [
        True,
        True,
        False,
        True,
        False,
        False,
    ]


def pure_frame():
    from drol_jax.image.crops import as_frame

    return as_frame(frame(1))


def test_the_enlarged_region_is_searched_only_in_frames_in_which_a_lane_is_lost(start):
    searched, search_rpn = [], searching.search_rpn

    def counting(model, state, *rest, **kwargs):
        if model.config.search.instance_size == LOST_SIZE:
            jax.debug.callback(lambda _: searched.append(1), state.centre[0])
        return search_rpn(model, state, *rest, **kwargs)

    states = jax.tree.map(lambda leaf: jnp.stack([leaf] * LANES), start)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searching, "search_rpn", counting)
        batched = jax.jit(jax.vmap(pure.step, (None, 0, None)))
        run = batched.lower(TRACKER.model, states, frame(1)).compile()
    counts = []
    for lost in ((False, False, False), (False, True, False), (True, True, True)):
        searched.clear()
        _, outputs = run(TRACKER.model, replace(states, lost=jnp.array(lost)), frame(1))
        jax.block_until_ready(outputs)
        jax.effects_barrier()
        counts.append(len(searched))
    # As many searches as lanes that need one, on the CPU; elsewhere some at once.
    assert counts == [0, 1, LANES]


def test_lanes_some_of_them_lost_equal_the_loop(start):
    states = replace(jax.tree.map(lambda leaf: jnp.stack([leaf] * LANES), start), lost=jnp.array([False, True, False]))
    tracker = with_hyper({"confidence_low": 0.0, "confidence_high": 1.0})
    after, outputs = jax.vmap(tracker.step, in_axes=(0, None))(states, frame(1))
    for lane, state in enumerate([start, replace(start, lost=jnp.bool_(True)), start]):
        alone, output = tracker.step(state, frame(1))
        np.testing.assert_allclose(outputs.box[lane], output.box, atol=1e-3)
        assert bool(outputs.lost[lane]) == bool(output.lost) == bool(after.lost[lane]) == bool(alone.lost)
    assert not np.allclose(outputs.box[1], outputs.box[0])


def test_the_draws_are_those_of_the_short_term_tracker():
    ours, theirs = (init_draws(t.config, jax.random.key(0)) for t in (TRACKER, small_tracker.tracker()))
    jax.tree.map(np.testing.assert_array_equal, ours, theirs)
