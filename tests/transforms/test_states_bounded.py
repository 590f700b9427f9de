"""Whatever a track starts from and sees: its state is finite and bounded at every step, or the start is refused."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small_tracker
from hypothesis import given, settings
from hypothesis import strategies as st

import drol_jax
from drol_jax.errors import UserError
from drol_jax.image.boxes import SIDES, start_trouble
from drol_jax.system.compiling import OF_A_CPU
from drol_jax.tracker.start import init_draws

HEIGHT, WIDTH = 96, 128


def side(low, high):
    return st.floats(np.log10(low), np.log10(high)).map(lambda power: 10**power)


BOXES = st.one_of(
    st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), side(1e-4, 1e7), side(1e-4, 1e7)),
    st.tuples(st.floats(0, WIDTH), st.floats(0, HEIGHT), side(*SIDES), side(*SIDES)),
    st.tuples(st.just(WIDTH - 1e-3), st.just(HEIGHT - 1e-3), side(*SIDES), side(*SIDES)),
    st.just(small_tracker.BOX),
)
LEVEL = st.integers(0, 255).map(lambda level: np.full((HEIGHT, WIDTH, 3), level, np.uint8))
NOISE = st.integers(0, 9).map(
    lambda seed: np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
)
FRAMES = st.one_of(LEVEL, NOISE, st.integers(0, 39).map(small_tracker.picture))


@pytest.fixture(scope="module", params=[True, False], ids=["online", "offline"])
def tracker(request):
    return small_tracker.tracker(online=request.param, template_update=request.param)


STARTS = {"box": BOXES, "frames": st.tuples(FRAMES, FRAMES, FRAMES), "seed": st.integers(0, 2**32 - 1)}


@given(**STARTS)
@settings(max_examples=5)
def test_every_accepted_start_gives_finite_and_bounded_states(tracker, box, frames, seed):
    follow(tracker, box, frames, seed)


@pytest.mark.attack
@given(**STARTS)
@settings(max_examples=1000)
def test_a_thousand_starts_give_finite_and_bounded_states(tracker, box, frames, seed):
    follow(tracker, box, frames, seed)


def follow(tracker, box, frames, seed):
    try:
        state = tracker.init(frames[0], box, jax.random.key(seed))
    except UserError:
        return
    bound(state, SIDES[1])  # as it was given: until the first step it may be larger than the image
    for frame in frames[1:]:
        state, output = tracker.step(state, frame)
        bound(state, max(WIDTH, HEIGHT))
        assert np.isfinite(output.box).all()
        assert 0 <= output.confidence <= 1
        x, y, w, h = np.asarray(output.box)
        assert 0 < w <= WIDTH
        assert 0 < h <= HEIGHT
        assert 0 <= x + w / 2 <= WIDTH
        assert 0 <= y + h / 2 <= HEIGHT


def bound(state, most):
    for path, leaf in jax.tree_util.tree_leaves_with_path(state):
        assert np.isfinite(np.asarray(leaf, np.float64)).all(), jax.tree_util.keystr(path)
    assert 0 < float(state.size.min()) <= float(state.size.max()) <= most
    assert np.abs(np.asarray(state.centre)).max() <= 2 * SIDES[1]


def test_a_network_that_went_bad_says_so(tracker):
    state = tracker.init(small_tracker.picture(), small_tracker.BOX, jax.random.key(0))
    bad = small_tracker.replace(tracker, variables=jax.tree.map(lambda leaf: leaf * jnp.nan, tracker.variables))
    assert state.sound
    state, output = bad.step(state, small_tracker.picture(1))
    assert not state.sound
    assert np.isnan(output.score)
    assert output.confidence == 0
    assert output.verdict == (1 if tracker.config.online.enabled else -1)  # not found


def test_each_state_of_a_batch_says_whether_it_is_sound(tracker):
    one = tracker.init(small_tracker.picture(), small_tracker.BOX, jax.random.key(0))
    batch = jax.tree.map(lambda leaf: jnp.stack([leaf] * 3), one)
    bad = replace(batch, template=jax.tree.map(lambda leaf: leaf.at[1].set(jnp.inf), batch.template))
    np.testing.assert_array_equal(bad.sound, [True, False, True])


STARTS = 250
"""That one program follows, one after the other."""


@pytest.mark.attack
def test_ten_thousand_starts_give_finite_and_bounded_boxes(tracker):
    rng, config = np.random.default_rng(0), tracker.config
    pictures = [small_tracker.picture(t) for t in range(0, 40, 4)]
    pictures += [np.full((HEIGHT, WIDTH, 3), level, np.uint8) for level in (0, 1, 128, 254, 255)]
    pictures += [rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8) for _ in range(5)]
    bank = jnp.asarray(np.stack(pictures))

    def follow_one(model, bank, box, key, shown):
        draws = init_draws(config, key) if config.online.enabled else None
        state = drol_jax.init(model, bank[shown[0]], box, draws)

        def one(state, index):
            state, output = drol_jax.step(model, state, bank[index])
            return state, (output.box, output.confidence, state.size)

        return jax.lax.scan(one, state, shown[1:])

    def follow(model, bank, *each):
        return jax.lax.map(lambda one: follow_one(model, bank, *one), each)

    followed = jax.jit(follow, compiler_options=OF_A_CPU)  # which is six times as fast as what compiles fastest
    count = 0
    while count < 10_000:
        low, high = np.log10(SIDES)
        boxes = np.concatenate(
            [rng.uniform(-50, 180, (4 * STARTS, 2)), 10 ** rng.uniform(low, high, (4 * STARTS, 2))], 1
        )
        boxes = np.float32([box for box in boxes if start_trouble(box, HEIGHT, WIDTH) is None][:STARTS])
        assert len(boxes) == STARTS
        keys = jax.random.split(jax.random.key(count), STARTS)
        shown = jnp.asarray(rng.integers(0, len(bank), (STARTS, 4)))
        state, (box, confidence, size) = jax.device_get(followed(tracker.model, bank, boxes, keys, shown))
        for path, leaf in jax.tree_util.tree_leaves_with_path(state):
            assert np.isfinite(np.asarray(leaf, np.float64)).all(), jax.tree_util.keystr(path)
        centre = box[..., :2] + box[..., 2:] / 2
        assert np.isfinite(box).all() and (box[..., 2:] > 0).all() and (box[..., 2:] <= (WIDTH, HEIGHT)).all()
        assert (centre >= 0).all() and (centre <= (WIDTH, HEIGHT)).all()
        assert (size > 0).all() and (size <= max(WIDTH, HEIGHT)).all()
        assert ((confidence >= 0) & (confidence <= 1)).all()
        count += STARTS
