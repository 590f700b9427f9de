"""What `init` and `step` promise whatever the weights: pure, batchable, scannable, steady in cost and memory."""

import gc
import os
import pickle
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small_tracker
from small_tracker import BOX, FAST, NO_HARD_NEGATIVES

from drol_jax.image.crops import Frame
from drol_jax.image.frames import flatten
from drol_jax.online import fit
from drol_jax.tracker import step as pure
from drol_jax.tracker.start import init, init_draws

LANES = 8
TRACKER = small_tracker.tracker(template_update=True, template_threshold=-1.0, **NO_HARD_NEGATIVES)
CONFIG, FIXED = TRACKER.config, (TRACKER.model,)
traces = []


def frame(t=0, height=96, width=128):
    return Frame(*map(jnp.asarray, flatten(small_tracker.picture(t, height, width))))


def plain_step(model, state, frame):
    traces.append(1)
    return pure.step(model, state, frame)


step = jax.jit(plain_step)


@cache
def starter():
    def start(model, frame, box, key):
        return init(model, frame, box, init_draws(CONFIG, key))

    return jax.jit(start, compiler_options=FAST)


@cache
def started(lane=0, seed=0, height=96, width=128):
    box = small_tracker.lanes_of_boxes(LANES)[lane]
    return starter()(*FIXED, frame(0, height, width), box, jax.random.key(seed))


@cache
def stacked():
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *map(started, range(LANES)))


@pytest.fixture(scope="module")
def lanes():
    """(jitted step of all lanes on one frame, list that gets an entry for every lane of every refit)."""
    refits, refit = [], fit.refit

    def counting(filter, *rest, **how):
        jax.debug.callback(lambda _: refits.append(1), filter[0, 0, 0])
        return refit(filter, *rest, **how)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "refit", counting)
        batched = jax.jit(jax.vmap(pure.step, (None, 0, None)))
        run = batched.lower(*FIXED, stacked(), frame()).compile()
    return run, refits


def assert_same_bytes(a, b):
    assert jax.tree.structure(a) == jax.tree.structure(b)
    for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        assert np.asarray(x).tobytes() == np.asarray(y).tobytes()


def lane_of(tree, lane):
    return jax.tree.map(lambda a: a[lane], tree)


@pytest.mark.parametrize(("online", "update"), [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize("head", ["depthwise_rpn", "upchannel_rpn", "siamfc"])
def test_a_step_keeps_structure_shapes_and_types(head, online, update):
    tracker = small_tracker.tracker(head, online, update)
    fixed = (tracker.model,)
    draws = jax.eval_shape(lambda: init_draws(tracker.config, jax.random.key(0))) if online else None
    picture, box = jax.ShapeDtypeStruct((96, 128, 3), jnp.uint8), jax.ShapeDtypeStruct((4,), jnp.float32)
    state = jax.eval_shape(init, *fixed, picture, box, draws)
    after, output = jax.eval_shape(pure.step, *fixed, state, picture)
    assert jax.tree.map(lambda a: (a.shape, a.dtype, a.weak_type), after) == jax.tree.map(
        lambda a: (a.shape, a.dtype, False), state
    )
    assert (state.online is not None, state.short_term is not None) == (online, update)
    types = {name: None if leaf is None else (leaf.shape, str(leaf.dtype)) for name, leaf in vars(output).items()}
    assert types == {
        "box": ((4,), "float32"),
        "score": ((), "float32"),
        "verdict": ((), "int32"),
        "online_score": ((), "float32"),
        "template": ((), "int32"),
        "refitted": ((), "bool"),
        "confidence": ((), "float32"),
        "lost": ((), "bool"),
        "mask": None,
        "refit": None,
    }


def test_several_targets_without_vmap_are_refused_as_they_are_traced():
    with pytest.raises(AssertionError, match="init starts one target"):
        jax.eval_shape(partial(init, TRACKER.model), frame(), jnp.zeros((3, 4)), None)
    with pytest.raises(AssertionError, match="step follows one target"):
        jax.eval_shape(partial(pure.step, TRACKER.model), stacked(), frame())


def test_lanes_equal_the_loop_over_targets(lanes):
    run, _ = lanes
    states, alone = stacked(), [started(lane) for lane in range(LANES)]
    for t in range(1, 13):
        states, outputs = run(*FIXED, states, frame(t))
        for lane in range(LANES):
            alone[lane], output = step(*FIXED, alone[lane], frame(t))
            np.testing.assert_allclose(outputs.box[lane], output.box, atol=1e-3)
            np.testing.assert_allclose(outputs.online_score[lane], output.online_score, atol=1e-3)
            same = [x.tolist() for x in (outputs.verdict[lane], outputs.template[lane], outputs.refitted[lane])]
            assert same == [x.tolist() for x in (output.verdict, output.template, output.refitted)]
    np.testing.assert_array_equal(states.frame_index, 13)


def test_lanes_are_independent(lanes):
    run, _ = lanes
    states = stacked()
    moved = replace(states, centre=states.centre.at[3].add(11.0), size=states.size.at[3].multiply(1.3))
    for t in range(1, 12):
        states, outputs = run(*FIXED, states, frame(t))
        moved, others = run(*FIXED, moved, frame(t))
        for lane in set(range(LANES)) - {3}:
            assert_same_bytes(lane_of((states, outputs), lane), lane_of((moved, others), lane))
    assert np.asarray(outputs.box[3]).tobytes() != np.asarray(others.box[3]).tobytes()


def test_in_100_frames_without_hard_negatives_the_lanes_refit_10_times(lanes):
    run, refits = lanes
    refits.clear()
    states, told = stacked(), 0
    for t in range(100):
        states, output = run(*FIXED, states, frame(t))
        told += int(output.refitted.sum())
    jax.effects_barrier()
    assert len(refits) == told == 10 * LANES


def test_scan_equals_the_loop():
    frames = jax.tree.map(lambda *leaves: jnp.stack(leaves), *(frame(t) for t in range(1, 12)))
    run = jax.jit(
        lambda model, state, frames: jax.lax.scan(lambda state, frame: pure.step(model, state, frame), state, frames),
        compiler_options=FAST,
    )
    end, outputs = run(*FIXED, started(), frames)
    state = started()
    for t in range(11):
        state, output = step(*FIXED, state, lane_of(frames, t))
        np.testing.assert_allclose(outputs.box[t], output.box, atol=1e-3)
        assert int(outputs.verdict[t]) == int(output.verdict)
    assert int(end.frame_index) == int(state.frame_index) == 12


def test_200_frames_of_three_resolutions_that_pad_alike_are_traced_once():
    states = {size: started(0, 0, *size) for size in ((96, 128), (120, 90), (200, 300))}
    step(*FIXED, started(), frame())
    traces.clear()
    for t in range(201):
        size = list(states)[t % 3]
        states[size], _ = step(*FIXED, states[size], frame(t % 7, *size))
    assert traces == []
    pixels = jax.ShapeDtypeStruct((2 * frame().pixels.shape[0], 3), jnp.uint8)
    step.lower(*FIXED, states[96, 128], Frame(pixels, frame().size))
    assert traces == [1]


def test_the_same_key_gives_the_same_bytes_and_another_key_another_fit():
    again = started.__wrapped__()
    other = started(seed=1)
    assert_same_bytes(started(), again)
    assert_same_bytes(started().template, other.template)
    assert np.abs(started().online.filter - other.online.filter).max() > 0
    assert_same_bytes(step(*FIXED, started(), frame(1)), step(*FIXED, again, frame(1)))


def test_a_state_travels_as_numpy_arrays():
    state, _ = step(*FIXED, started(), frame(1))
    leaves, structure = jax.tree.flatten(state)
    packed = pickle.dumps(jax.device_get(leaves))
    back = jax.tree.unflatten(structure, map(jnp.asarray, pickle.loads(packed)))
    assert_same_bytes(step(*FIXED, back, frame(2)), step(*FIXED, state, frame(2)))


def test_memory_stays_flat():
    def held():
        gc.collect()
        arrays = jax.live_arrays()
        return len(arrays), sum(a.nbytes for a in arrays)

    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")

    pictures = [frame(t) for t in range(4)]
    state = started()
    for t in range(400):
        state, output = step(*FIXED, state, pictures[t % 4])
        if t == 100:
            jax.block_until_ready(output)
            before, size = held(), resident()
    jax.block_until_ready(output)
    count, size_held = held()
    assert count <= before[0]
    assert size_held <= before[1]
    assert resident() - size < 16 * 2**20
    assert np.isfinite(output.box).all()


def test_the_box_of_the_first_frame_is_where_the_track_begins():
    state = started()
    np.testing.assert_allclose(state.centre, [BOX[0] + (BOX[2] - 1) / 2, BOX[1] + (BOX[3] - 1) / 2])
    np.testing.assert_array_equal(state.size, BOX[2:])
    assert int(state.frame_index) == 1


@pytest.mark.parametrize("box", [(-15.0, -12.0, 24.0, 20.0), (120.0, 90.0, 40.0, 60.0), (50.0, 40.0, 1.0, 1.0)])
def test_boxes_partly_outside_and_of_one_pixel_are_tracked(box):
    state = starter()(*FIXED, frame(), jnp.array(box), jax.random.key(0))
    for t in range(1, 12):
        state, output = step(*FIXED, state, frame(t))
        assert np.isfinite(output.box).all()
        assert np.isfinite(output.score)
        assert np.isfinite(output.online_score)
