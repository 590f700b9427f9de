"""One-pass evaluation: equal to PySOT's toolkit, and lawful."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from drol_jax.errors import UserError
from drol_jax.image.boxes import overlap
from drol_jax.metrics import ope


@pytest.fixture(scope="module")
def goldens():
    return np.load(Path(__file__).parents[1] / "golden" / "eval.npz")


def test_overlap_equals_the_toolkits(goldens):
    np.testing.assert_allclose(overlap(goldens["rect_a"], goldens["rect_b"]), goldens["overlap_ratio"], atol=1e-9)


@pytest.mark.parametrize("sequence", [0, 1])
def test_curves_equal_the_toolkits(goldens, sequence):
    scores = ope.score(goldens[f"ope_pred_{sequence}"], goldens[f"ope_gt_{sequence}"])
    np.testing.assert_allclose(scores.success, goldens["ope_success"][sequence], atol=1e-9)
    np.testing.assert_allclose(scores.precision, goldens["ope_precision"][sequence], atol=1e-9)
    np.testing.assert_allclose(scores.normalised_precision, goldens["ope_norm_precision"][sequence], atol=1e-9)


def moved(boxes, pixels):
    return np.add(boxes, (pixels, 0, 0, 0))


def _boxes(length: int, low: float = -50):
    corner = arrays(np.float64, (length, 2), elements=st.floats(low, 500))
    size = arrays(np.float64, (length, 2), elements=st.floats(1, 200))
    return st.tuples(corner, size).map(lambda pair: np.concatenate(pair, 1))


@given(st.integers(1, 12).flatmap(lambda n: st.tuples(_boxes(n), _boxes(n))))
def test_every_curve_lies_in_the_unit_interval_and_is_monotone(pair):
    scores = ope.score(*pair)
    for curve, sign in ((scores.success, -1), (scores.precision, 1), (scores.normalised_precision, 1)):
        assert ((curve >= 0) & (curve <= 1)).all()
        assert (sign * np.diff(curve) >= 0).all()


@given(st.integers(1, 12).flatmap(_boxes))
def test_perfect_boxes_score_20_of_21_and_full_precision(groundtruth):
    scores = ope.score(groundtruth, groundtruth)
    assert scores.auc == pytest.approx(20 / 21)
    assert scores.precision_at_20 == 1
    assert scores.normalised_precision_at_02 == 1


@given(_boxes(6), st.floats(0.5, 400), st.floats(0, 400))
def test_boxes_shifted_further_never_score_higher(groundtruth, shift, more):
    near = ope.score(moved(groundtruth, shift), groundtruth)
    far = ope.score(moved(groundtruth, shift + more), groundtruth)
    assert far.auc <= near.auc + 1e-9
    assert near.auc <= 20 / 21 + 1e-9
    assert far.precision_at_20 <= near.precision_at_20
    assert far.normalised_precision_at_02 <= near.normalised_precision_at_02


def test_a_shift_of_half_the_box_lowers_the_score():
    groundtruth = np.tile([10.0, 20, 60, 60], (5, 1))
    scores = ope.score(moved(groundtruth, 30), groundtruth)
    assert scores.auc < 0.4
    assert scores.precision_at_20 == 0
    assert scores.normalised_precision_at_02 == 0


@given(st.permutations(range(5)))
def test_the_mean_does_not_depend_on_the_order_of_sequences(order):
    rng = np.random.default_rng(0)
    groundtruth = np.tile([10.0, 20, 60, 60], (9, 1))
    scores = [ope.score(groundtruth + rng.normal(0, 10, (9, 4)), groundtruth) for _ in order]
    shuffled = ope.mean(scores[i] for i in order)
    np.testing.assert_allclose(shuffled.success, ope.mean(scores).success, rtol=1e-12)


def test_every_sequence_counts_once_however_long():
    short, long = np.tile([10.0, 10, 20, 20], (1, 1)), np.tile([10.0, 10, 20, 20], (99, 1))
    total = ope.mean([ope.score(moved(short, 500), short), ope.score(long, long)])
    assert total.auc == pytest.approx(10 / 21)


@pytest.mark.parametrize("absent", [[np.nan] * 4, [0, 0, 0, 0], [-30, 30, 20, 20]])
def test_a_frame_whose_truth_has_no_positive_centre_is_a_miss_for_success_and_a_hit_for_precision(absent):
    groundtruth = np.array([[10.0, 10, 20, 20], absent])
    predicted = np.array([[10.0, 10, 20, 20], [300, 300, 20, 20]])
    scores = ope.score(predicted, groundtruth)
    assert scores.success[0] == 0.5
    assert scores.precision[0] == 1
    assert scores.normalised_precision[0] == 1


def test_a_prediction_of_nan_is_a_miss():
    groundtruth = np.array([[10.0, 10, 20, 20]] * 2)
    scores = ope.score([[10, 10, 20, 20], [np.nan] * 4], groundtruth)
    assert scores.success[0] == scores.precision[50] == scores.normalised_precision[50] == 0.5


def test_thresholds_are_strict_for_overlap_and_inclusive_for_distance():
    groundtruth = np.array([[0.0, 0, 100, 100]])
    half = ope.score([[0, 0, 100, 50]], groundtruth)
    assert half.success[10] == 0
    assert half.success[9] == 1
    right = ope.score([[20, 0, 100, 100]], groundtruth)
    assert right.precision[20] == 1
    assert right.precision[19] == 0
    assert right.normalised_precision[20] == 1
    assert right.normalised_precision[19] == 0


def test_an_attribute_averages_over_the_sequences_that_carry_it():
    groundtruth = np.array([[10.0, 10, 20, 20]])
    good, bad = ope.score(groundtruth, groundtruth), ope.score(groundtruth + 500, groundtruth)
    table = ope.mean_by_attribute({"a": good, "b": bad}, {"a": ("blur",), "b": ("blur", "occlusion")})
    assert list(table) == ["blur", "occlusion"]
    assert table["blur"][0] == 2
    assert table["blur"][1].auc == pytest.approx(10 / 21)
    assert table["occlusion"][0] == 1
    assert table["occlusion"][1].auc == 0


def test_boxes_of_different_length_are_refused():
    with pytest.raises(UserError, match="3 boxes for 4 frames"):
        ope.score(np.ones((3, 4)), np.ones((4, 4)))


@pytest.mark.parametrize("boxes", [np.ones((3, 5)), np.ones(4), np.ones((0, 4))])
def test_what_is_no_table_of_boxes_is_refused(boxes):
    with pytest.raises(ValueError, match=r"must be \[T, 4\]"):
        ope.score(boxes, boxes)
