"""A look at the places that a lost target may have come back to."""

from dataclasses import replace

import jax
import numpy as np
import pytest
import small_tracker

from drol_jax.follow.look import Looking
from drol_jax.image.inputs import on_device
from drol_jax.running import pool
from drol_jax.running.targets import targets
from drol_jax.tracker.families import family_of

TRACKER = small_tracker.tracker(**small_tracker.NO_HARD_NEGATIVES)
FRAME = on_device(small_tracker.picture(1))
PLACES = np.array([(30.0, 30.0), (60.0, 40.0), (90.0, 70.0)])
SIZE = np.array((22.0, 18.0))


def lanes_of(slots):
    """A pool whose slot 0 has a target."""
    return targets(TRACKER, slots).begin(small_tracker.picture(0), small_tracker.BOX)


@pytest.mark.parametrize("slots", [1, 2, 8])
def test_a_look_sees_at_every_place_what_a_search_from_there_finds_without_penalties(slots):
    family = family_of(TRACKER.config)
    hyper = replace(TRACKER.hyper, window_influence=0, penalty_k=family.NO_PENALTY, size_lr=1)
    plain = targets(replace(TRACKER, hyper=hyper), 1)
    alone = lanes_of(1)
    seen = Looking(TRACKER).look(lanes_of(slots), 0, PLACES, SIZE, FRAME)
    assert len(seen.confidence) == len(PLACES)
    for at, place in enumerate(PLACES):
        there = replace(alone.states, centre=np.float32(place)[None], size=np.float32(SIZE)[None])
        found = plain.search(replace(alone, states=there), FRAME)
        np.testing.assert_allclose(seen.centre[at], found.candidate.centre[0], atol=1e-3)
        np.testing.assert_allclose(seen.size[at], found.candidate.size[0], atol=1e-3)
        np.testing.assert_allclose(seen.confidence[at], found.confidence[0], atol=1e-5)


def test_a_look_changes_no_lane_and_needs_no_search_of_its_own():
    lanes = lanes_of(1)
    before = jax.device_get(jax.tree.leaves(lanes.states.online.memory))
    targets(TRACKER, 1).search(lanes, FRAME)
    search = pool.SEARCH if jax.default_backend() == "cpu" else pool.SEARCH_ALL
    programs = search.plain._cache_size()
    for count in (1, 3):
        Looking(TRACKER).look(lanes, 0, PLACES[:count], SIZE, FRAME)
    assert search.plain._cache_size() == programs > 0
    for old, new in zip(before, jax.device_get(jax.tree.leaves(lanes.states.online.memory)), strict=True):
        np.testing.assert_array_equal(old, new)
