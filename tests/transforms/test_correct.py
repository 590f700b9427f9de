"""A track put right by a person: where it goes on from, what it learned, and that transformations change nothing."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small_tracker

from drol_jax.errors import UserError
from drol_jax.follow.follower import Follower
from drol_jax.image.boxes import overlap
from drol_jax.online.labels import gaussian
from drol_jax.online.memory import first_memory, insert_share
from drol_jax.online.subnet import ASTRAY, CORRECTION
from drol_jax.studio.patches import SIDE, Watched
from drol_jax.tracks.table import TargetState

TRACKER = small_tracker.tracker(template_update=True)
IMAGE = small_tracker.picture(4)
RIGHT = (44.0, 34.0, 24.0, 20.0)


@pytest.fixture(scope="module")
def state():
    return TRACKER.step(TRACKER.init(small_tracker.picture(), small_tracker.BOX), small_tracker.picture(3))[0]


def test_the_track_goes_on_from_the_box_with_a_sample_of_it_and_one_of_where_it_was_looked_for(state):
    lost = replace(state, lost_count=jnp.int32(9))
    corrected = TRACKER.correct(lost, IMAGE, RIGHT)
    assert int(corrected.lost_count) == 0 and corrected.size.tolist() == list(RIGHT[2:])
    before, after = np.asarray(state.online.memory.weights), np.asarray(corrected.online.memory.weights)
    astray, slot = np.flatnonzero((before == 0) & (after > 0))
    assert after[slot] == np.float32(CORRECTION) and after.sum() == pytest.approx(1, abs=1e-5)
    assert after[astray] == pytest.approx((1 - CORRECTION) * ASTRAY)
    assert np.abs(np.asarray(corrected.online.filter) - np.asarray(state.online.filter)).max() > 0
    sample = np.asarray(corrected.online.memory.features[slot])
    assert np.abs(sample).max() > 0 and np.isfinite(sample).all()
    assert np.abs(np.asarray(corrected.online.memory.centres[slot])).max() <= 1  # cells off the middle of the region


def test_where_the_tracker_had_gone_to_the_label_peaks_at_the_target_and_of_one_out_of_sight_nowhere(state):
    middle = np.asarray(state.centre)
    for off, seen in ((0.0, True), (400.0, False)):
        away = replace(state, centre=jnp.asarray(middle + off))
        memory = TRACKER.correct(away, IMAGE, RIGHT).online.memory
        slot = int(np.flatnonzero((np.asarray(state.online.memory.weights) == 0) & (np.asarray(memory.weights) > 0))[0])
        label = gaussian(memory.centres[slot][None], state.online.sigma, memory.features.shape[1])
        assert (float(label.max()) > 0.5) == seen


def test_the_next_step_finds_the_target_at_the_corrected_place(state):
    away = replace(state, centre=jnp.array([100.0, 80.0]))
    corrected = TRACKER.correct(away, IMAGE, RIGHT)
    box = TRACKER.step(corrected, small_tracker.picture(5))[1].box
    assert overlap(np.asarray(box), np.array(RIGHT)) > 0.4


def test_the_template_changes_only_when_asked(state):
    kept, renewed = (TRACKER.correct(state, IMAGE, RIGHT, template=template) for template in (False, True))

    def same(a, b):
        return all(np.array_equal(x, y) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))

    assert same(kept.template, state.template) and same(kept.appearance, state.appearance)
    assert not same(renewed.template, state.template) and not same(renewed.appearance, state.appearance)


def test_the_online_map_covers_the_search_region_about_the_last_place(state):
    seen = jax.device_get(TRACKER.details(state, IMAGE))
    assert seen.online.shape == (small_tracker.SEARCH_SIZE,) * 2
    np.testing.assert_allclose(seen.region[:2] + seen.region[2:] / 2, state.centre, rtol=1e-5)
    assert seen.grid[2] < seen.region[2]


def test_vmap_over_boxes_equals_the_loop(state):
    boxes = small_tracker.lanes_of_boxes(2)
    together = jax.vmap(TRACKER.correct, in_axes=(None, None, 0))(state, jnp.asarray(IMAGE), boxes)
    for lane, box in enumerate(boxes):
        alone = TRACKER.correct(state, IMAGE, box)
        np.testing.assert_array_equal(together.centre[lane], alone.centre)
        np.testing.assert_allclose(together.online.memory.weights[lane], alone.online.memory.weights, atol=1e-6)
        filter = np.asarray(alone.online.filter)
        np.testing.assert_allclose(together.online.filter[lane], filter, atol=1e-3 * np.abs(filter).max())


def test_a_follower_goes_on_from_what_was_taken_of_another_to_the_bit():
    first = Follower(TRACKER, 1)
    first.add(small_tracker.picture(), "a", small_tracker.BOX)
    first.step(small_tracker.picture(1))
    second = Follower(TRACKER, 1)
    second.join(*first.taken("a"))
    with pytest.raises(UserError, match="two targets"):
        second.join(*first.taken("a"))
    for t in (2, 3):
        (a,), (b,) = first.step(small_tracker.picture(t)), second.step(small_tracker.picture(t))
        assert a.box is not None and b.box is not None and a.box.tolist() == b.box.tolist()
    sight = second.correct(small_tracker.picture(3), "a", RIGHT)
    assert sight.state == TargetState.TRACKED and second.targets["a"].box.tolist() == list(RIGHT)
    with pytest.raises(UserError, match="no target 'b'"):
        second.correct(IMAGE, "b", RIGHT)
    with pytest.raises(UserError, match="outside"):
        second.correct(IMAGE, "a", (900, 900, 10, 10))


def test_each_sample_but_those_of_the_first_frame_has_the_picture_that_it_is_of():
    first = TRACKER.config.online.first_samples
    watched = Watched(TRACKER, 1)
    watched.add(small_tracker.picture(), "a", small_tracker.BOX)
    for watched.number in (1, 2, 3):
        watched.step(small_tracker.picture(watched.number))
    watched.correct(small_tracker.picture(3), "a", RIGHT)
    target, state = watched.taken("a")
    assert state.online is not None
    used = np.flatnonzero(np.asarray(state.online.memory.weights) > 0)
    patches = watched.patches("a")
    assert sorted(patches) == [slot for slot in used if slot >= first] and patches[max(patches)].frame == 3
    x, y = int(RIGHT[0] + RIGHT[2] / 2), int(RIGHT[1] + RIGHT[3] / 2)
    middle = patches[max(patches)].picture[SIDE // 2, SIDE // 2].astype(int)
    assert np.abs(middle - small_tracker.picture(3)[y, x]).max() < 40
    other = Watched(TRACKER, 1)
    other.join(target, state, patches)
    assert other.patches("a") == patches


def test_a_share_of_the_weight_leaves_the_first_frame_its_least():
    memory = first_memory(jnp.ones((2, 1, 1, 1)), jnp.zeros((2, 2)), 4)
    one = insert_share(memory, jnp.ones((1, 1, 1)), jnp.zeros(2), 0.25, 2, jnp.float32(0.5))
    np.testing.assert_allclose(one.weights, [0.375, 0.375, 0.25, 0])
    two = insert_share(one, jnp.ones((1, 1, 1)), jnp.zeros(2), 0.25, 2, jnp.float32(0.6))
    np.testing.assert_allclose(two.weights, [0.3, 0.3, 0.15, 0.25], rtol=1e-6)
    assert int(two.previous) == -1
