"""Whatever a track starts from and sees: its state is finite and bounded at every step, or the start is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small_tracker
from hypothesis import given, settings
from hypothesis import strategies as st

from drol_jax.errors import UserError
from drol_jax.image.boxes import SIDES

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
    _, output = bad.step(state, small_tracker.picture(1))
    assert np.isnan(output.score)
    assert output.confidence == 0
    assert output.verdict == (1 if tracker.config.online.enabled else -1)  # not found
