"""Losses of training: which places count, hand-computed values, gradients."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drol_jax.config import Config, ModelConfig, SearchConfig
from drol_jax.nets import Response
from drol_jax.train.losses import LossSettings, choose_places, draw, mean_over, rpn_losses, siamfc_losses
from drol_jax.train.targets import Targets

KEY = jax.random.key(0)
ONE = Config(
    model=ModelConfig(backbone="alexnet", head="depthwise_rpn", anchor_ratios=(1.0,)),
    search=SearchConfig(instance_size=143),
)
R = ONE.search.score_size
drawing = jax.jit(draw, static_argnums=1)
chosen = jax.jit(choose_places, static_argnums=3)
losses_of = jax.jit(rpn_losses, static_argnums=(3, 4))


@settings(deadline=None, max_examples=25)
@given(
    rows=st.lists(st.lists(st.booleans(), min_size=6, max_size=6), min_size=3, max_size=3),
    count=st.sampled_from([0, 2, 7]),
)
def test_a_draw_takes_allowed_places_and_as_many_as_it_may(rows, count):
    allowed = np.array(rows)
    drawn = np.asarray(drawing(allowed, count, KEY))
    assert not (drawn & ~allowed).any()
    np.testing.assert_array_equal(drawn.sum(1), np.minimum(allowed.sum(1), count))


def test_every_allowed_place_is_drawn_as_often_as_the_others():
    allowed = np.tile([False, True, True, True, True], (4000, 1))
    shares = np.asarray(drawing(allowed, 1, KEY)).mean(0)
    np.testing.assert_allclose(shares, [0, 0.25, 0.25, 0.25, 0.25], atol=0.03)


def places(present, likeness=None, **settings):
    positive = np.zeros((2, 1, 10, 10), bool)
    positive[0, 0, :3] = True
    found = Targets(positive=positive, negative=~positive, offsets=None)
    likeness = np.zeros(positive.shape, np.float32) if likeness is None else likeness
    found = chosen(found, likeness, np.array(present), LossSettings(**settings), KEY)
    return [np.asarray(one) for one in found]


def test_pairs_have_at_most_16_positive_and_48_negative_places_and_16_without_the_target():
    positive, negative = places([True, False])
    assert positive.sum((1, 2, 3)).tolist() == [16, 0]
    assert negative.sum((1, 2, 3)).tolist() == [48, 16]


def test_hard_negatives_are_those_most_like_the_target():
    likeness = np.arange(200, dtype=np.float32).reshape(2, 1, 10, 10)
    _, negative = places([True, False], likeness, hard=0.5)
    assert negative.sum((1, 2, 3)).tolist() == [48, 16]
    assert negative[0].reshape(-1)[-24:].all()
    assert negative[1].reshape(-1)[-8:].all()


def test_the_mean_over_nothing_is_nothing():
    assert mean_over(np.array([np.inf, 1.0]), np.array([False, False])) == 0


def rpn(cls, loc, positive, negative, offsets, **settings):
    found = Targets(positive=positive, negative=negative, offsets=offsets)
    present = positive.any(axis=(1, 2, 3))
    return losses_of(Response(cls, loc), found, present, ONE, LossSettings(**settings), KEY)[0]


def zeros(*shape):
    return np.zeros(shape, np.float32)


def one_place_each(count=2):
    """Pairs with one positive and one negative place."""
    positive, negative = np.zeros((2, count, 1, R, R), bool)
    positive[:, 0, 2, 2] = negative[:, 0, 0, 0] = True
    return positive, negative


def test_classification_weighs_positive_and_negative_places_equally():
    positive, negative = one_place_each()
    # Probability of the target 3/4 at every place.
    cls = zeros(2, R, R, 2) + np.array([0, np.log(3)], np.float32)
    losses = rpn(cls, zeros(2, R, R, 4), positive, negative, zeros(2, 1, R, R, 4))
    np.testing.assert_allclose(losses["cls"], -(np.log(0.75) + np.log(0.25)) / 2, rtol=1e-6)
    assert losses["loc"] == 0


@pytest.mark.parametrize(("kind", "wanted"), [("l1", 0.5 + 2), ("smooth_l1", 0.5**2 / 2 + 1.5)])
def test_offsets_are_compared_where_the_target_is(kind, wanted):
    positive, negative = one_place_each()
    positive[1] = False
    offsets = zeros(2, 1, R, R, 4) + np.inf
    offsets[0, 0, 2, 2] = 0.5, -2, 0, 0
    losses = rpn(zeros(2, R, R, 2), zeros(2, R, R, 4), positive, negative, offsets, distance=kind)
    # The sum over the four, the mean over a pair's places, the mean over all pairs.
    np.testing.assert_allclose(losses["loc"], wanted / 2, rtol=1e-6)


def test_the_overlap_told_is_that_of_the_most_probable_box():
    positive, negative = one_place_each(1)
    cls, offsets = zeros(1, R, R, 2), zeros(1, 1, R, R, 4)
    cls[0, 2, 2, 1], offsets[..., 2] = 5, np.log(0.5)
    losses = rpn(cls, zeros(1, R, R, 4), positive, negative, offsets)
    np.testing.assert_allclose(losses["overlap"], 0.5, rtol=1e-5)


def test_siamfcs_loss_of_a_hand_computed_pair():
    positive, cls = np.zeros((2, 1, 3, 3), bool), zeros(2, 3, 3, 1)
    positive[0, 0, 1, 1], cls[0, 1, 1] = True, 1000
    found = Targets(positive=positive, negative=~positive, offsets=None)
    present, bias = np.array([True, False]), np.array([-1], np.float32)
    losses = jax.jit(siamfc_losses, static_argnums=4)(Response(cls, None), bias, found, present, LossSettings())
    # Logits are 1e-3 of the response plus the bias: 0 at the target, -1 elsewhere.
    first = (np.log(2) + np.log1p(np.exp(-1))) / 2
    second = np.log1p(np.exp(-1)) / 2
    np.testing.assert_allclose(losses["cls"], (first + second) / 2, rtol=1e-6)
    assert losses["overlap"] == 1


def test_gradients_are_finite_whatever_the_offsets_and_logits():
    positive, negative = one_place_each()
    offsets = zeros(2, 1, R, R, 4) + np.inf
    offsets[:, 0, 2, 2] = 0.3

    def loss(cls, loc):
        losses = rpn(cls, loc, positive, negative, offsets)
        return losses["cls"] + losses["loc"]

    cls = np.random.default_rng(0).normal(0, 200, (2, R, R, 2)).astype(np.float32)
    for gradient in jax.jit(jax.grad(loss, argnums=(0, 1)))(cls, zeros(2, R, R, 4)):
        assert np.isfinite(gradient).all()
        assert np.abs(gradient).max() > 0
