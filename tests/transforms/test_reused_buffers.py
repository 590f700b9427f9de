"""A frame's buffer may be filled anew as soon as a door of ours returns; under a `jit` of one's own it is copied."""

import jax
import numpy as np
import pytest
import small_tracker

import drol_jax
from drol_jax.running.targets import targets


@pytest.fixture(scope="module")
def tracker():
    return small_tracker.tracker(online=False)


@pytest.fixture
def buffer():
    """uint8 [H, W, 3] whose memory begins at a page: what jax takes without a copy."""
    frame = small_tracker.picture()
    memory = np.empty(frame.size + 4096, np.uint8)
    start = -memory.ctypes.data % 4096
    return memory[start : start + frame.size].reshape(frame.shape)


def boxes(start, step, frame_of):
    """Boxes of six frames, of which each is gone once its step has been asked for."""
    carried, found = start(frame_of(0)), []
    for t in range(1, 7):
        frame = frame_of(t)
        carried, output = step(carried, frame)
        frame[:] = 0
        found.append(output.box)
    return np.stack([np.asarray(box) for box in found])


def own_jit(tracker):
    step = jax.jit(lambda state, frame: drol_jax.step(tracker.model, state, frame))
    return lambda state, frame: step(state, frame.copy())


def pool(tracker):
    many = targets(tracker, 2)
    return lambda frame: many.add(many.empty(), frame, small_tracker.BOX)[0], many.step


@pytest.mark.parametrize(
    "door", ["step", *(pytest.param(door, marks=pytest.mark.attack) for door in ("targets", "own jit over a copy"))]
)
def test_a_buffer_that_is_used_again_changes_no_box(tracker, buffer, door):
    start, step = pool(tracker) if door == "targets" else (lambda frame: tracker.init(frame, small_tracker.BOX), None)
    step = step or (tracker.step if door == "step" else own_jit(tracker))

    def again(t):
        buffer[:] = small_tracker.picture(t)
        return buffer

    wanted = boxes(start, step, lambda t: small_tracker.picture(t).copy())
    np.testing.assert_array_equal(boxes(start, step, again), wanted)
