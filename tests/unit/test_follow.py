"""States of targets, which keep apart, and where lost ones are looked for: plain numbers."""

from dataclasses import replace

import numpy as np
import pytest

from drol_jax.follow.apart import giving_way, overlaps, touching
from drol_jax.follow.places import places
from drol_jax.follow.policy import Policy
from drol_jax.follow.target import Target, after_search, after_step, resized
from drol_jax.tracks.table import TargetState

POLICY = Policy(patience=3, confirm=2)
SIZE = (240, 320)
BOX = np.array([100.0, 100.0, 40.0, 60.0])


def target(**changes):
    return replace(Target(name="anna", slot=0, box=BOX), **changes)


def moved(right, down=0.0):
    return BOX + np.array([right, down, 0, 0])


def through(confidences, start=None, step=(0.0, 0.0)):
    """The target after frames of these confidences; it moves by `step` a frame."""
    now, states = start or target(), []
    for number, confidence in enumerate(confidences, 1):
        box = moved(number * step[0], number * step[1])
        now = after_step(now, box, confidence, SIZE, POLICY)
        states.append(now.state)
    return now, states


def test_a_sure_box_is_tracked_and_an_unsure_one_is_said_to_be():
    now, states = through([0.9, 0.4, 0.9])
    assert states == [TargetState.TRACKED, TargetState.UNCERTAIN, TargetState.TRACKED]
    assert now.box.tolist() == BOX.tolist() and 0.9 < now.history < 1


def test_a_target_that_is_not_seen_is_occluded_for_a_while_then_lost():
    now, states = through([0.9, 0.0, 0.1, 0.0, 0.05])
    assert states == [TargetState.TRACKED, *[TargetState.OCCLUDED] * 3, TargetState.LOST]
    assert not now.followed and now.left is not None and now.gone == 1


def test_an_occluded_target_goes_on_where_it_was_heading_and_comes_back_as_tracked():
    now, _ = through([0.9] * 10 + [0.0], step=(4, 0))
    assert now.state == TargetState.OCCLUDED and now.box[0] > BOX[0] + 40
    again = after_step(now, moved(44), 0.8, SIZE, POLICY)
    assert again.state == TargetState.TRACKED and again.unseen == 0


def test_a_target_that_walks_over_the_border_is_out_of_view_at_once():
    start = target(box=np.array([290.0, 100.0, 40.0, 60.0]), velocity=np.array([5.0, 0.0]))
    assert after_step(start, BOX, 0.0, SIZE, POLICY).state == TargetState.OUT_OF_VIEW


def test_an_unsure_target_over_the_border_has_left():
    border = target(box=moved(200))
    unsure = after_step(border, border.box, 0.4, SIZE, POLICY)
    assert unsure.state == TargetState.OCCLUDED
    assert after_step(target(), BOX, 0.4, SIZE, POLICY).state == TargetState.UNCERTAIN


def test_what_is_seen_of_a_target_that_leaves_does_not_lower_what_is_wanted_of_it():
    border = target(box=moved(190))
    assert after_step(border, border.box, 0.6, SIZE, POLICY).history == 1


def test_a_target_that_stands_at_the_border_is_not():
    start = target(box=np.array([290.0, 100.0, 40.0, 60.0]))
    assert after_step(start, BOX, 0.0, SIZE, POLICY).state == TargetState.OCCLUDED


@pytest.fixture
def lost():
    return through([0.0] * 4)[0]


def test_a_lost_target_is_found_again_only_after_it_was_confirmed(lost):
    assert lost.state == TargetState.LOST
    seen = after_search(lost, BOX + 30, 0.8)
    assert seen.followed and seen.state == TargetState.LOST
    once = after_step(seen, BOX + 30, 0.9, SIZE, POLICY)
    assert once.state == TargetState.LOST
    twice = after_step(once, BOX + 31, 0.9, SIZE, POLICY)
    assert twice.state == TargetState.FOUND_AGAIN and twice.box.tolist() == (BOX + 31).tolist()
    assert after_step(twice, BOX + 32, 0.9, SIZE, POLICY).state == TargetState.TRACKED


def test_a_place_that_is_not_confirmed_is_given_up_and_the_search_goes_on_from_the_old_one(lost):
    seen = after_search(lost, BOX + 90, 0.8)
    after = after_step(seen, BOX + 90, 0.3, SIZE, POLICY)
    assert after.state == TargetState.LOST and not after.followed
    assert after.box.tolist() == lost.box.tolist() and after.gone > lost.gone


def test_what_is_far_larger_or_smaller_than_the_lost_target_was_is_something_else(lost):
    same, larger, wider, smaller = (BOX * [1, 1, w, h] for w, h in ((1, 1), (1.6, 1.6), (1.6, 1), (0.6, 0.6)))
    np.testing.assert_array_equal(
        resized(lost, np.array([same, larger, wider, smaller]), Policy()), [False, True, False, True]
    )


def test_the_longer_it_is_gone_the_more_a_target_may_have_grown(lost):
    larger = (BOX * [1, 1, 1.6, 1.6])[None]
    assert resized(lost, larger, Policy())
    assert not resized(replace(lost, gone=100), larger, Policy())


def test_targets_that_lie_on_one_another_are_told():
    boxes = {"a": BOX, "b": moved(5), "c": moved(200)}
    assert touching(boxes, 0.1) == {"a": ("b",), "b": ("a",), "c": ()}
    assert touching({}, 0.1) == {}


def test_of_two_that_want_one_place_the_one_with_the_weaker_history_keeps_away():
    a, b = target(name="a", history=0.9), target(name="b", history=0.6)
    assert giving_way([a, b], [BOX, BOX + 1], frozenset(), POLICY) == {"b"}
    assert giving_way([b, a], [BOX, BOX + 1], frozenset(), POLICY) == {"b"}


def test_of_equal_histories_the_one_that_jumped_farther_keeps_away():
    there, elsewhere = target(name="a"), target(name="b", box=moved(80))
    assert giving_way([elsewhere, there], [BOX, BOX], frozenset(), POLICY) == {"b"}


def test_a_target_that_was_not_seen_a_moment_ago_has_no_claim_to_anothers_place():
    seen, hidden = target(name="a", history=0.6), target(name="b", history=0.9, unseen=2)
    assert giving_way([seen, hidden], [BOX, BOX], frozenset(), POLICY) == {"b"}


def test_a_lost_target_that_may_be_back_has_no_claim_to_anothers_place():
    seen, back = target(name="a", history=0.6), target(name="b", state=TargetState.LOST, confirmed=1)
    assert giving_way([back, seen], [BOX, BOX], frozenset(), POLICY) == {"b"}


def test_targets_that_were_boxed_on_one_another_may_stay_so():
    a, b = target(name="a"), target(name="b")
    assert giving_way([a, b], [BOX, BOX], frozenset({frozenset("ab")}), POLICY) == set()


def test_targets_apart_keep_their_places():
    a, b = target(name="a"), target(name="b")
    assert giving_way([a, b], [BOX, moved(30)], frozenset(), POLICY) == set()
    assert overlaps([]).shape == (0, 0)


@pytest.mark.parametrize("size", [(240, 320), (720, 1280), (2160, 3840)])
def test_a_sweep_covers_the_whole_image_in_a_few_frames(size):
    region = 100.0
    seen, last = [], np.array([10.0, 10.0])
    for gone in range(100, 100 + POLICY.sweep):
        middles, wider = places(size, region, last, gone, POLICY)
        seen.append(middles)
        assert middles.shape == (POLICY.looks, 2)
    seen = np.concatenate(seen)
    grid = np.stack(np.meshgrid(np.arange(0, size[1], 20), np.arange(0, size[0], 20)), -1).reshape(-1, 2)
    off = np.abs(grid[:, None] - seen[None]).max(-1).min(1)
    assert off.max() <= region * wider / 4 + 1e-6  # every place lies in the middle half of a region


def test_fewer_looks_a_frame_go_over_the_same_places_one_behind_the_other():
    last = np.array([10.0, 10.0])
    whole = np.concatenate([places((480, 640), 100.0, last, gone, POLICY)[0] for gone in range(100, 103)])
    begun = (100 - 1) * POLICY.looks // 2 + 1
    shared = [places((480, 640), 100.0, last, gone, POLICY, looks=2)[0][:2] for gone in range(begun, begun + 12)]
    np.testing.assert_array_equal(np.concatenate(shared), whole)


def test_the_search_begins_around_the_last_place():
    last = np.array([1000.0, 500.0])
    middles, wider = places((720, 1280), 100.0, last, 1, POLICY)
    assert wider == 1 and np.linalg.norm(middles - last, axis=1).max() < 150
