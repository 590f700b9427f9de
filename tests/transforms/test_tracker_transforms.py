"""The bound tracker under its user's `vmap` and `scan`, as the README shows them.

Its `init` and `step` are jitted already, so here the transformation meets a finished trace.
"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import small_tracker

TRACKER = small_tracker.tracker(template_update=True, template_threshold=-1.0, refit_interval=2)
LANES = 3


def lane_of(tree, lane):
    return jax.tree.map(lambda a: a[lane], tree)


def test_vmap_over_targets_equals_the_loop():
    frames = [jnp.asarray(small_tracker.picture(t)) for t in range(4)]
    boxes, keys = small_tracker.lanes_of_boxes(LANES), jax.random.split(jax.random.key(0), LANES)
    states = jax.vmap(TRACKER.init, in_axes=(None, 0, 0))(frames[0], boxes, keys)
    alone = [lane_of(states, lane) for lane in range(LANES)]
    for frame in frames[1:]:
        states, outputs = jax.vmap(TRACKER.step, in_axes=(0, None))(states, frame)
        for lane in range(LANES):
            alone[lane], output = TRACKER.step(alone[lane], frame)
            np.testing.assert_allclose(outputs.box[lane], output.box, atol=1e-3)
            assert bool(outputs.refitted[lane]) == bool(output.refitted)
    filters = np.stack([state.online.filter for state in alone])
    np.testing.assert_allclose(states.online.filter, filters, atol=1e-4 * np.abs(filters).max())


def test_vmapped_init_equals_init():
    frame, boxes = jnp.asarray(small_tracker.picture()), small_tracker.lanes_of_boxes(LANES)
    keys = jax.random.split(jax.random.key(0), LANES)
    states = jax.vmap(TRACKER.init, in_axes=(None, 0, 0))(frame, boxes, keys)
    for lane in range(LANES):
        state = TRACKER.init(frame, boxes[lane], keys[lane])
        np.testing.assert_array_equal(states.centre[lane], state.centre)
        features = state.online.memory.features
        np.testing.assert_allclose(states.online.memory.features[lane], features, atol=1e-4 * jnp.abs(features).max())


def test_scan_over_frames_equals_the_loop():
    frames = jnp.stack([jnp.asarray(small_tracker.picture(t)) for t in range(1, 5)])
    state = start = TRACKER.init(small_tracker.picture(), small_tracker.BOX)
    _, outputs = jax.lax.scan(TRACKER.step, start, frames)
    for t, frame in enumerate(frames):
        state, output = TRACKER.step(state, frame)
        np.testing.assert_allclose(outputs.box[t], output.box, atol=1e-3)


def test_other_scalars_come_to_compiled_code_as_the_same_types():
    plain_numbers = replace(TRACKER.hyper, fusion=0.4, penalty_k=np.float64(0.1), refit_interval=3.0)
    other = replace(TRACKER, hyper=plain_numbers)
    assert jax.tree.map(jax.typeof, other.hyper) == jax.tree.map(jax.typeof, TRACKER.hyper)
    assert float(other.hyper.refit_interval) == 3
