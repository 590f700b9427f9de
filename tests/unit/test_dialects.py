"""Toolkits' conventions: what each dialect makes of the first frame, absent targets, odd boxes and odd lengths."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from drol_jax.errors import UserError
from drol_jax.metrics import ope
from drol_jax.metrics.dialects import DIALECTS, default_dialect, dialect

EVERY = pytest.mark.parametrize("name", list(DIALECTS))
BOX = [10.0, 10, 20, 20]


def boxes(length: int):
    corner = arrays(np.float64, (length, 2), elements=st.floats(1, 400))
    size = arrays(np.float64, (length, 2), elements=st.floats(1, 200))
    return st.tuples(corner, size).map(lambda pair: np.concatenate(pair, 1))


def readings(scores):
    return np.array([scores.auc, scores.precision_at_20, scores.normalised])


@EVERY
@given(truth=st.integers(1, 8).flatmap(boxes))
def test_perfect_results_give_the_perfect_score(name, truth):
    scores = ope.score(truth, truth, DIALECTS[name])
    assert readings(scores)[1:] == pytest.approx([1, 1])
    # With decimals an overlap may exceed 1 by rounding, and four toolkits do not cut it.
    assert scores.success[:-1].tolist() == [1] * 20
    assert DIALECTS[name].overlap == "pixels" or scores.success[-1] == 0
    assert readings(ope.score(np.rint(truth), np.rint(truth), DIALECTS[name])) == pytest.approx([20 / 21, 1, 1])


def test_a_perfect_result_with_two_decimals_counts_as_the_toolkits_own_function_has_it():
    rng = np.random.default_rng(0)
    truth = np.round(np.concatenate([rng.uniform(1, 400, (500, 2)), rng.uniform(5, 200, (500, 2))], 1), 2)
    low, high = truth[:, :2], truth[:, :2] + truth[:, 2:] - 1.0
    inter = (high - low + 1.0).prod(1)
    overlaps = inter / (truth[:, 2:].prod(1) + truth[:, 2:].prod(1) - inter)
    assert 0.3 < (overlaps > 1).mean() < 0.5
    wanted = (overlaps[:, None] > np.arange(0, 1.05, 0.05)).mean()
    found = {name: ope.score(truth, truth, chosen).auc for name, chosen in DIALECTS.items()}
    assert found == pytest.approx(dict.fromkeys(found, wanted) | {"pysot": 20 / 21, "got10k": 20 / 21}, abs=0)


def counted(found, truth, thresholds):
    """Curves of frames with a target, as pytracking, STARK, LaSOT and OTB compute them: last pixels, nothing cut."""
    found = np.concatenate([truth[:1], found[1:]])
    a, b, c, d = found[:, :2], truth[:, :2], found[:, 2:], truth[:, 2:]
    sides = np.minimum(a + c - 1.0, b + d - 1.0) - np.maximum(a, b) + 1.0
    shared = np.maximum(sides, 0).prod(1)
    overlap = shared / (c.prod(1) + d.prod(1) - shared)
    middle, other = b + 0.5 * (d - 1.0), a + 0.5 * (c - 1.0)
    far, farther = (np.sqrt((step * step).sum(1)) for step in (other - middle, other / d - middle / d))
    steps = np.arange(51)
    curves = overlap[:, None] > thresholds, far[:, None] <= steps, farther[:, None] <= steps / 100
    return [curve.sum(0) / len(truth) for curve in curves]


@pytest.mark.parametrize("decimals", range(5))
@pytest.mark.parametrize("name", ["pytracking", "stark", "lasot", "otb"])
def test_boxes_with_decimals_count_to_the_bit_as_the_toolkits_arithmetic_has_it(name, decimals):
    rng, chosen = np.random.default_rng(decimals), DIALECTS[name]
    for n in range(40):
        truth = np.concatenate([rng.uniform(1, 400, (30, 2)), rng.uniform(5, 200, (30, 2))], 1).round(decimals)
        found = truth.copy()
        if n % 4 == 1:  # far, and of another size
            found += np.concatenate([rng.uniform(-20, 20, (30, 2)), rng.uniform(-4, 4, (30, 2))], 1).round(decimals)
        elif n % 4 == 2:  # whole pixels away, on thresholds
            found[:, :2] += rng.integers(-10, 11, (30, 1)) * np.array([3.0, 4.0])
        elif n % 4 == 3:  # shares of twentieths, on thresholds
            found[:, 2] *= rng.integers(1, 21, 30) / 20
        scores = ope.score(found, truth, chosen)
        wanted = counted(found, truth, np.asarray(chosen.thresholds))
        for curve, right in zip((scores.success, scores.precision, scores.normalised_precision), wanted, strict=True):
            np.testing.assert_array_equal(curve, right)


@EVERY
@given(pair=st.integers(1, 8).flatmap(lambda n: st.tuples(boxes(n), boxes(n))), absent=st.integers(0, 255))
def test_scores_lie_between_zero_and_one(name, pair, absent):
    flags = np.array([absent >> i & 1 for i in range(len(pair[0]))], bool)
    scores = ope.score(*pair, DIALECTS[name], flags)
    for curve in (scores.success, scores.precision, scores.normalised_precision):
        assert ((curve >= 0) & (curve <= 1)).all()


@EVERY
@given(truth=boxes(5), shift=st.floats(0.5, 300), more=st.floats(0, 300))
def test_shifting_boxes_further_never_raises_a_score(name, truth, shift, more):
    near, far = (ope.score(np.add(truth, (by, 0, 0, 0)), truth, DIALECTS[name]) for by in (shift, shift + more))
    assert (readings(far) <= readings(near) + 1e-12).all()
    assert near.auc <= (1 if DIALECTS[name].overlap == "pixels" else 20 / 21) + 1e-12


@EVERY
def test_shifting_every_box_by_its_size_leaves_at_most_the_first_frame(name):
    truth = np.tile(BOX, (10, 1))
    scores = ope.score(np.add(truth, (60, 0, 0, 0)), truth, DIALECTS[name])
    assert readings(scores).max() <= 0.1


@EVERY
@given(order=st.permutations(range(4)))
def test_the_order_of_sequences_does_not_matter(name, order):
    rng = np.random.default_rng(0)
    truth = np.tile([50.0, 50, 40, 60], (9, 1))
    scores = [ope.score(truth + rng.normal(0, 8, truth.shape), truth, DIALECTS[name]) for _ in order]
    assert readings(ope.mean(scores[i] for i in order)) == pytest.approx(readings(ope.mean(scores)), rel=1e-12)


@pytest.mark.parametrize(
    ("name", "hits"), [("pysot", 1), ("got10k", 2), ("pytracking", 2), ("stark", 2), ("lasot", 2), ("otb", 2)]
)
def test_the_first_frame_is_the_truth_or_counts_as_predicted(name, hits):
    truth = np.tile(BOX, (4, 1))
    predicted = np.add(truth, [[500.0, 0, 0, 0], [0, 0, 0, 0], [500, 0, 0, 0], [500, 0, 0, 0]])
    assert ope.score(predicted, truth, DIALECTS[name]).success[0] == hits / 4


@pytest.mark.parametrize(
    ("name", "hit"), [("pysot", 1), ("got10k", 1), ("pytracking", 0), ("stark", 1), ("lasot", 0), ("otb", 0)]
)
def test_a_target_at_the_left_border_counts_only_where_its_corner_need_not_be_positive(name, hit):
    truth = np.array([BOX, [0.0, 10, 20, 20]])
    assert ope.score(truth, truth, DIALECTS[name]).success[0] == (1 + hit) / 2


@pytest.mark.parametrize(
    ("name", "success", "precision", "normalised"),
    [
        ("pysot", 1 / 2, 1, 1),
        ("got10k", 1, 1, 1),
        ("pytracking", 1 / 2, 1 / 2, 1),
        ("stark", 1 / 2, 1 / 2, 1),
        ("lasot", 1 / 2, 1, 1),
        ("otb", 1 / 2, 1, 1),
    ],
)
def test_a_frame_of_unknown_truth_is_a_miss_a_hit_or_none(name, success, precision, normalised):
    truth = np.array([BOX, [np.nan] * 4])
    scores = ope.score([BOX, [300, 300, 20, 20]], truth, DIALECTS[name])
    got = scores.success[0], scores.precision[0], scores.normalised_precision[0]
    assert got == (success, precision, normalised)


def test_on_uav_pytracking_counts_unknown_truth_as_a_precision_hit():
    truth = np.array([BOX, [np.nan] * 4])
    for benchmark, expected in (("UAV123", 1), ("UAV20L", 1), ("UAVDT", 0.5), ("OTB100", 0.5)):
        scores = ope.score([BOX, [300, 300, 20, 20]], truth, dialect("pytracking", benchmark))
        assert scores.precision[0] == expected


@pytest.mark.parametrize(
    ("name", "share"),
    [("pysot", 0.5), ("got10k", 1), ("pytracking", 0.5), ("stark", 0.5), ("lasot", 0.5), ("otb", 1)],
)
def test_absent_frames_stay_in_the_denominator_or_are_not_told_apart(name, share):
    truth = np.tile(BOX, (4, 1))
    scores = ope.score(truth, truth, DIALECTS[name], absent=[False, True, False, True])
    assert scores.success[0] == scores.precision[0] == scores.normalised_precision[0] == share


@pytest.mark.parametrize(
    ("name", "width", "repaired"),
    [("pytracking", 0, True), ("stark", 0, True), ("lasot", -3, True), ("otb", np.nan, True), ("pysot", 0, False)],
)
def test_unusable_boxes_are_replaced_by_the_one_before_or_not(name, width, repaired):
    truth = np.tile(BOX, (4, 1))
    predicted = truth.copy()
    predicted[2:, 2] = width
    assert ope.score(predicted, truth, DIALECTS[name]).success[0] == (1 if repaired else 0.5)


@pytest.mark.parametrize("bad", [[np.nan] * 4, [1, 1, -5, 5]])
def test_pytracking_refuses_boxes_of_nan_or_negative_size(bad):
    with pytest.raises(UserError, match=r"box 1 .* the pytracking dialect scores no NaN"):
        ope.score([BOX, bad], [BOX, BOX], DIALECTS["pytracking"])


@pytest.mark.parametrize(
    ("name", "short", "long"),
    [
        ("pysot", None, None),
        ("got10k", 1, 1),
        ("pytracking", 0.75, 1),
        ("stark", 0.75, 1),
        ("lasot", None, 1),
        ("otb", None, None),
    ],
)
def test_results_of_another_length_are_cut_filled_or_refused(name, short, long):
    truth = np.tile(BOX, (4, 1))
    for frames, expected in ((3, short), (5, long)):
        predicted = np.tile(BOX, (frames, 1))
        if expected is None:
            with pytest.raises(UserError, match=f"{frames} boxes for 4 frames, which the {name} protocol"):
                ope.score(predicted, truth, DIALECTS[name])
        else:
            assert ope.score(predicted, truth, DIALECTS[name]).success[0] == expected
    assert ope.score(truth[:3], truth, DIALECTS[name], pad_short=True).success[0] == 1


def test_got10k_reads_normalised_precision_as_a_mean():
    truth = np.tile([100.0, 100, 100, 100], (3, 1))
    predicted = np.add(truth, [[0, 0, 0, 0], [30.0, 0, 0, 0], [30, 0, 0, 0]])
    assert ope.score(predicted, truth, DIALECTS["pytracking"]).normalised == pytest.approx(1 / 3)
    assert ope.score(predicted, truth, DIALECTS["got10k"]).normalised == pytest.approx((51 + 2 * 21) / 153)


def test_targets_smaller_than_a_pixel_are_divided_by_one_in_got10k():
    truth = np.array([BOX, [10.0, 10, 0.1, 0.1]])
    predicted = np.add(truth, [[0, 0, 0, 0], [0.25, 0, 0, 0]])
    assert ope.score(predicted, truth, DIALECTS["got10k"]).normalised_precision[30] == 1
    assert ope.score(predicted, truth, DIALECTS["stark"]).normalised_precision[30] == 0.5


@pytest.mark.parametrize(
    ("benchmark", "name"),
    [("OTB100", "pysot"), ("UAV123", "pysot"), ("LaSOT", "pysot"), ("NFS30", "pytracking"), ("TNL2K", "lasot")],
)
def test_every_benchmark_has_a_default(benchmark, name):
    assert default_dialect(benchmark).name == name


def test_an_unknown_dialect_is_named_with_those_there_are():
    with pytest.raises(UserError, match="unknown dialect 'vots'; choose one of pysot, got10k, pytracking, stark"):
        dialect("vots")
    assert dialect("OSTrack").name == "stark"


def test_nothing_to_count_is_said():
    with pytest.raises(UserError, match="no frame has a known box"):
        ope.score([BOX], [[np.nan] * 4], DIALECTS["got10k"])
