"""Long-term F, GOT-10k's overlaps, and how sure a score is."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import recipe
from hypothesis import given, settings
from hypothesis import strategies as st

from drol_jax.metrics import longterm
from drol_jax.metrics.got10k import frame_overlaps, got10k
from drol_jax.metrics.regions import Regions
from drol_jax.metrics.spread import over_seeds, paired, t975

SIZE = (240, 320)
GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "eval.npz")
BOTH = pytest.mark.parametrize("dialect", ["pysot", "vot"])


def test_thresholds_precision_recall_and_f_equal_the_toolkits():
    columns = np.array(recipe.unit("eval/f1", (400, 2)), np.float64)
    overlap, score = columns[:, 0], columns[:, 1]
    overlap[::17], score[::23] = 0, np.nan
    limits = longterm.thresholds(score)
    np.testing.assert_array_equal(limits[::-1], GOLDEN["f1_thresholds_nan_ok"])
    precision, recall = longterm.precision_recall(longterm.Confident(overlap, score, 350), limits)
    np.testing.assert_allclose(precision[::-1], GOLDEN["f1_precision"], atol=1e-9)
    np.testing.assert_allclose(recall[::-1], GOLDEN["f1_recall"], atol=1e-9)
    np.testing.assert_allclose(longterm.f_measure(precision, recall)[::-1], GOLDEN["f1_nan_ok"], atol=1e-9)


def long_sequence(shift: float, dialect: longterm.LongTermDialect, seen: float = 0.9, unseen: float = 0.1):
    """The target is away in the second half; the tracker says so by its confidence."""
    frames = 200
    groundtruth = np.array([[60.0 + i % 30, 50, 40, 30] for i in range(frames)])
    tracked = np.add(groundtruth, (shift, 0, 0, 0))
    groundtruth[100:] = np.nan
    confidence = np.where(np.arange(frames) < 100, seen, unseen) + np.arange(frames) * 1e-6
    rows = [[1.0], *tracked[1:].tolist()]
    confidence[0] = np.nan
    return longterm.judge(Regions.from_boxes(groundtruth), Regions.from_rows(rows), confidence, SIZE, dialect)


@BOTH
def test_a_tracker_that_knows_when_it_is_right_reaches_f_of_almost_one(dialect):
    precision, recall, f = longterm.longterm([long_sequence(0, dialect)] * 2, dialect).best
    assert precision == pytest.approx(1, abs=0.011)  # the first frame holds no box
    assert recall == pytest.approx(0.99, abs=0.02)
    assert f == pytest.approx(2 * precision * recall / (precision + recall))


@BOTH
def test_shifted_boxes_and_false_confidence_lower_f(dialect):
    good = longterm.longterm([long_sequence(0, dialect)], dialect).best[2]
    shifted = longterm.longterm([long_sequence(15, dialect)], dialect).best[2]
    wrong = longterm.longterm([long_sequence(0, dialect, seen=0.1, unseen=0.9)], dialect).best[2]
    assert shifted < good - 0.2
    assert wrong < good - 0.2


@BOTH
def test_a_confidence_of_another_length_is_refused(dialect):
    groundtruth = Regions.from_boxes(np.ones((3, 4)))
    with pytest.raises(ValueError, match="2 confidences"):
        longterm.judge(groundtruth, groundtruth, np.ones(2), SIZE, dialect)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=300))
def test_thresholds_fall_and_reach_from_nothing_to_everything(confidence):
    for dialect in ("pysot", "vot"):
        limits = longterm.thresholds(np.array(confidence), dialect)
        assert (np.diff(limits[1:-1]) <= 0).all()
        assert (limits[0], limits[-1]) == (np.inf, -np.inf)


def test_confidences_that_are_no_numbers_report_nothing():
    unsure = replace(long_sequence(0, "pysot"), confidence=np.full(200, np.nan))
    assert longterm.longterm([unsure], "pysot").best == (1.0, 0.0, 0.0)


GROUNDTRUTH = np.tile([10.0, 10, 20, 20], (5, 1))


def test_got10k_of_perfect_boxes_is_one_and_the_first_frame_does_not_count():
    predicted = GROUNDTRUTH.copy()
    predicted[0] = 0
    reached = got10k([frame_overlaps(predicted, GROUNDTRUTH)])
    assert (reached.ao, reached.sr50, reached.sr75) == (1, 1, 1)
    assert reached.curve[[0, 99, 100]].tolist() == [1, 1, 0]


def test_got10k_counts_no_frame_in_which_the_target_is_hidden_or_unknown():
    groundtruth = GROUNDTRUTH.copy()
    groundtruth[2] = np.nan
    assert len(frame_overlaps(GROUNDTRUTH, groundtruth, hidden=[False, True, False, False, False])) == 2


def test_got10k_pools_frames_so_that_long_sequences_weigh_more():
    assert got10k([np.ones(3), np.zeros(1)]).ao == 0.75


def test_got10k_cuts_boxes_to_the_picture():
    inside, beyond = [[0.0] * 4, [50, 10, 10, 20]], [[0.0] * 4, [50, 10, 40, 20]]
    assert frame_overlaps(beyond, inside, size=(60, 60)).tolist() == [1]
    assert frame_overlaps(beyond, inside).tolist() == [0.25]


def test_got10k_without_frames_is_refused():
    with pytest.raises(ValueError, match="no frames"):
        got10k([np.zeros(0)])


@settings(deadline=None)  # the first call imports scipy
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_an_interval_holds_its_mean(values):
    spread = over_seeds(values)
    assert min(values) - 1e-12 <= spread.mean <= max(values) + 1e-12
    if len(values) == 1:
        assert spread.interval is None
        assert spread.deviation is None
    else:
        low, high = spread.interval
        assert low <= spread.mean <= high


def test_the_interval_is_students():
    spread = over_seeds([0.60, 0.62, 0.67])
    assert spread.deviation == pytest.approx(0.0360555)
    half = 4.302653 * 0.0360555 / 3**0.5
    assert spread.interval == pytest.approx((0.63 - half, 0.63 + half))


@pytest.mark.parametrize(
    ("degrees", "value"), [(1, 12.7062), (9, 2.2622), (20, 2.0860), (21, 2.0796), (30, 2.0423), (120, 1.9799)]
)
def test_students_quantiles_are_those_of_the_tables(degrees, value):
    assert t975(degrees) == pytest.approx(value, abs=2e-4)


def test_equal_trackers_do_not_differ_and_clearly_better_ones_do():
    rng = np.random.default_rng(1)
    base = rng.uniform(0.3, 0.8, 60)
    same = paired(base, base)
    assert (same.mean, same.interval, same.p) == (0, (0, 0), 1)
    better = paired(base + 0.05 + rng.normal(0, 0.02, 60), base)
    assert better.p < 0.001
    assert 0.03 < better.interval[0] < better.mean < better.interval[1] < 0.07
    noise = paired(base + rng.normal(0, 0.1, 60), base)
    assert noise.interval[0] < 0 < noise.interval[1]
    assert noise.p > 0.05


def test_the_comparison_is_the_same_every_time_and_turns_its_sign():
    first, second = [0.5, 0.7, 0.6, 0.2], [0.4, 0.6, 0.65, 0.1]
    assert paired(first, second) == paired(first, second)
    assert paired(second, first).mean == -paired(first, second).mean


def test_one_sequence_is_nothing_to_compare():
    with pytest.raises(ValueError, match="two or more"):
        paired([0.5], [0.4])


def test_few_sequences_are_compared_under_every_exchange_of_the_two_trackers():
    assert paired([1, 2, 3, 4, 5], [0, 1, 2, 3, 4]).p == 2 / 32
    assert paired([1, 2, 3], [1, 2, 3]).p == 1
