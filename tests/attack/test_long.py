"""Long use: memory stays flat, targets come and go, threads step trackers side by side."""

import resource
from concurrent.futures import ThreadPoolExecutor

import jax
import numpy as np
import pytest
import small_tracker

from drol_jax.running.targets import targets

pytestmark = pytest.mark.attack


def megabytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def test_five_thousand_frames_take_no_more_memory_than_a_thousand():
    tracker = small_tracker.tracker(template_update=True)
    state, used = tracker.init(small_tracker.picture(), small_tracker.BOX), []
    for t in range(5_000):
        state, output = tracker.step(state, small_tracker.picture(t % 40))
        if t % 500 == 499:
            output.box.block_until_ready()
            used.append(megabytes())
    assert np.isfinite(output.box).all()
    # Between two looks the C library keeps more or less, most on a busy machine; what leaks raises the least too.
    early, late = min(used[1:5]), min(used[5:])
    assert late - early < 10, used


def test_two_hundred_targets_come_and_go():
    many = targets(small_tracker.tracker(online=False), 4)
    lanes, frame = many.empty(), small_tracker.picture()
    for t in range(200):
        lanes, slot = many.add(lanes, frame, np.add(small_tracker.BOX, (t % 7, t % 5, 0, 0)))
        lanes, output = many.step(lanes, small_tracker.picture(t % 40))
        assert np.isfinite(np.asarray(output.box)[slot]).all()
        lanes = many.remove(lanes, slot)


def test_threads_that_step_two_trackers_give_what_each_gives_alone():
    trackers = [small_tracker.tracker(online=False), small_tracker.tracker(online=True)]

    def boxes(tracker):
        state = tracker.init(small_tracker.picture(), small_tracker.BOX, jax.random.key(0))
        found = []
        for t in range(20):
            state, output = tracker.step(state, small_tracker.picture(t))
            found.append(np.asarray(output.box))
        return np.stack(found)

    alone = [boxes(tracker) for tracker in trackers]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(boxes, trackers * 3))
    for at, found in enumerate(together):
        np.testing.assert_array_equal(found, alone[at % 2])
