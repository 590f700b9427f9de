"""VOT's measures: equal to the toolkits' recorded numbers, and lawful."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drol_jax.eval.scorers_vot import VotScorer
from drol_jax.image.boxes import overlap
from drol_jax.metrics.eao import INTERVALS, eao, eao_curve, eao_parts
from drol_jax.metrics.multistart import judge_run, multistart
from drol_jax.metrics.polygons import exact_overlaps
from drol_jax.metrics.raster import overlaps
from drol_jax.metrics.regions import FAILED, INITIALISED, Regions
from drol_jax.metrics.restart import judge
from drol_jax.metrics.spread import paired_parts
from drol_jax.metrics.vot import supervised, supervised_by_tag

SIZE = (480, 640)
DIALECTS = pytest.mark.parametrize("dialect", ["pysot", "vot", "got10k"])
GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "eval.npz")


@pytest.mark.parametrize(("key", "bounds"), [("iou", None), ("iou_bounds_160_120", (160, 120))])
def test_polygons_overlap_as_in_the_toolkit(key, bounds):
    polygons = (Regions.from_polygons(GOLDEN[name]) for name in ("poly_a", "poly_b"))
    np.testing.assert_allclose(overlaps(*polygons, bounds), GOLDEN[f"poly_{key}"], atol=1e-9)


@pytest.mark.parametrize(("key", "bounds"), [("iou", None), ("iou_bounds_100_80", (100, 80))])
def test_boxes_overlap_as_in_the_toolkit(key, bounds):
    boxes = (Regions.from_boxes(GOLDEN[name]) for name in ("rect_a", "rect_b"))
    np.testing.assert_allclose(overlaps(*boxes, bounds), GOLDEN[f"rect_{key}"], atol=1e-9)


def recorded():
    sequences = []
    for number in range(4):
        codes = GOLDEN[f"vot_code_{number}"]
        rows = [
            list(box) if code < 0 else [code] for box, code in zip(GOLDEN[f"vot_pred_{number}"], codes, strict=True)
        ]
        sequences.append(judge(Regions.from_boxes(GOLDEN[f"vot_gt_{number}"]), [Regions.from_rows(rows)], SIZE))
    return sequences


@pytest.mark.parametrize("challenge", ["VOT2016", "VOT2018", "VOT2019"])
def test_accuracy_robustness_and_eao_equal_the_toolkits(challenge):
    sequences = recorded()
    reached = supervised(sequences, INTERVALS[challenge])
    assert reached.eao == pytest.approx(float(GOLDEN[f"eao_{challenge}"]), abs=1e-9)
    assert reached.accuracy == pytest.approx(float(GOLDEN["ar_accuracy"]), abs=1e-9)
    assert reached.robustness == pytest.approx(float(GOLDEN["ar_robustness_percent"]), abs=1e-9)
    assert [len(one.failures[0]) for one in sequences] == GOLDEN["ar_failures"].tolist()


def test_a_sequence_s_parts_add_up_to_the_eao_and_trackers_are_compared_by_it():
    sequences = recorded()
    interval = INTERVALS["VOT2018"]
    top, bottom = eao_parts(sequences, interval)
    whole = float(np.mean(top.sum(0) / bottom.sum(0)))
    assert whole == pytest.approx(eao(sequences, interval), abs=1e-6)
    better = np.minimum(top + 0.2 * bottom, bottom), bottom
    gap = paired_parts(better, (top, bottom), 0.2)
    assert gap.mean == 0.2
    assert 0 < gap.interval[0] < gap.interval[1]
    assert gap.p == 2 / 2 ** len(sequences)
    same = paired_parts((top, bottom), (top, bottom), 0.0)
    assert (same.interval, same.p) == ((0.0, 0.0), 1)


def test_overlap_counts_pixels_not_area():
    a, b = Regions.from_boxes([[0.0, 0, 20, 20]]), Regions.from_boxes([[5.0, 5, 20, 20]])
    assert overlaps(a, b, (100, 100))[0] == pytest.approx(256 / (2 * 441 - 256))
    assert overlaps(a, b, (100, 100), "vot")[0] == pytest.approx(225 / (800 - 225))
    assert exact_overlaps(a, b)[0] == pytest.approx(225 / (800 - 225))


def quads(low: float = 5, high: float = 90):
    return st.lists(st.floats(low, high), min_size=8, max_size=8)


@pytest.mark.parametrize("style", ["trax", "vot"])
@given(a=quads(), b=quads())
@settings(max_examples=60)
def test_pixel_overlap_is_symmetric_and_at_most_one(style, a, b):
    pair = Regions.from_polygons([a]), Regions.from_polygons([b])
    value = overlaps(*pair, (200, 200), style)
    np.testing.assert_array_equal(value, overlaps(*pair[::-1], (200, 200), style))
    assert (0 <= value[0] <= 1) or np.isnan(value[0])


@pytest.mark.parametrize("style", ["trax", "vot"])
@given(a=st.tuples(*[st.integers(1, 60)] * 4), b=st.tuples(*[st.integers(1, 60)] * 4), by=st.integers(0, 70))
def test_boxes_moved_together_overlap_as_before(style, a, b, by):
    pair = [Regions.from_boxes([one]) for one in (a, b)]
    moved = [Regions.from_boxes([np.add(one, (by, by, 0, 0))]) for one in (a, b)]
    np.testing.assert_array_equal(overlaps(*moved, (200, 200), style), overlaps(*pair, (200, 200), style))


@given(x=st.integers(0, 50), y=st.integers(0, 50), w=st.integers(2, 40), h=st.integers(2, 40))
def test_every_count_of_a_box_with_itself_is_one(x, y, w, h):
    box = Regions.from_boxes([[x, y, w, h]])
    polygon = Regions.from_polygons([[x, y, x + w, y, x + w, y + h, x, y + h]])
    for style in ("trax", "vot"):
        assert overlaps(box, box, (100, 100), style)[0] == 1
    assert overlaps(polygon, box, (100, 100), "trax")[0] == 1
    assert exact_overlaps(polygon, box)[0] == pytest.approx(1)


@given(a=st.tuples(*[st.floats(0, 60)] * 4), b=st.tuples(*[st.floats(0, 60)] * 4))
def test_the_exact_overlap_of_boxes_is_that_of_areas(a, b):
    if min(a[2:] + b[2:]) > 1e-3:
        expected = overlap(a, b)
        assert exact_overlaps(Regions.from_boxes([a]), Regions.from_boxes([b]))[0] == pytest.approx(expected, abs=1e-9)


def test_exact_overlaps_of_known_shapes():
    diamond, square = [0.0, 5, 5, 0, 10, 5, 5, 10], [0.0, 0, 10, 0, 10, 10, 0, 10]
    arrow = [0.0, 0, 10, 5, 0, 10, 4, 5]  # not convex: 30 of the square's 100
    shapes = Regions.from_polygons([diamond, arrow, arrow, square])
    against = Regions.from_polygons([square, square, arrow, (np.array(square) + 20).tolist()])
    assert exact_overlaps(shapes, against) == pytest.approx([0.5, 0.3, 1, 0])
    assert exact_overlaps(shapes, against, (5, 10))[:1] == pytest.approx([0.5])


def test_frames_that_all_hold_codes_have_no_exact_overlap():
    codes, boxes = Regions.from_rows([[1], [2]]), Regions.from_boxes([[10, 10, 5, 5]] * 2)
    assert np.isnan(exact_overlaps(codes, boxes, (50, 50))).all()


def test_codes_have_no_overlap_in_one_program_and_none_in_the_other():
    a, b = Regions.from_rows([[1], [2], [0], [10, 10, 5, 5]]), Regions.from_rows([[10, 10, 5, 5]] * 2 + [[0]] * 2)
    assert np.isnan(overlaps(a, b, (50, 50))).all()
    assert overlaps(a, b, (50, 50), "vot").tolist() == [0, 0, 1, 0]


def track(frames: int, failures: tuple[int, ...] = (), shift: float = 0.0):
    """Truth, and a trajectory that fails where it is told to and starts again five frames later."""
    boxes = np.array([[100.0 + i % 50, 90, 60, 40] for i in range(frames)])
    rows: list[list[float]] = [list(np.add(box, (shift, 0, 0, 0))) for box in boxes]
    for start in (0, *(f + 5 for f in failures if f + 5 < frames)):
        rows[start] = [INITIALISED]
    for failure in failures:
        rows[failure] = [FAILED]
        rows[failure + 1 : failure + 5] = [[0]] * len(rows[failure + 1 : failure + 5])
    return Regions.from_boxes(boxes), Regions.from_rows(rows)


@DIALECTS
def test_perfect_tracking_is_accurate_never_lost_and_expected_to_overlap_by_one(dialect):
    judged = [judge(truth, [run], SIZE, dialect) for truth, run in (track(200), track(150))]
    reached = supervised(judged, (100, 140), dialect)
    assert (reached.accuracy, reached.robustness, reached.lost) == (pytest.approx(1), 0, 0)
    if dialect != "got10k":
        assert reached.eao == pytest.approx(1)


@DIALECTS
@given(order=st.permutations(range(3)))
@settings(max_examples=6)
def test_the_order_of_sequences_does_not_matter(dialect, order):
    judged = [
        judge(*[t, [r]], SIZE, dialect) for t, r in (track(200, (50,), 7), track(150, (), 3), track(90, (20, 60)))
    ]
    one, other = supervised(judged, (50, 120), dialect), supervised([judged[i] for i in order], (50, 120), dialect)
    assert [one.accuracy, one.robustness, one.lost] == pytest.approx([other.accuracy, other.robustness, other.lost])
    assert (one.eao or 0) == pytest.approx(other.eao or 0, abs=1e-6)


@DIALECTS
def test_shifted_boxes_and_failures_lower_what_is_reached(dialect):
    def reached(failures, shift):
        truth, run = track(200, failures, shift)
        return supervised([judge(truth, [run], SIZE, dialect)] * 2, (50, 150), dialect)

    good, shifted, failing = reached((), 0), reached((), 20), reached((30, 90), 0)
    assert shifted.accuracy < good.accuracy - 0.2
    assert failing.lost == 4
    assert failing.robustness > good.robustness
    if dialect != "got10k":
        assert max(shifted.eao or 0, failing.eao or 0) < (good.eao or 0) - 0.1


def test_ten_frames_from_each_start_count_for_no_accuracy_but_for_eao():
    truth, run = track(100, (40,))
    one = judge(truth, [run], SIZE)
    assert np.flatnonzero(np.isnan(one.accuracy[0])).tolist() == [*range(10), *range(40, 55)]
    assert np.flatnonzero(np.isnan(one.overlaps[0])).tolist() == [0, 40, 41, 42, 43, 44, 45]


def test_pysots_fragments_end_with_the_next_start_and_the_toolkits_with_the_failure():
    truth, run = track(100, (40,))
    ours = eao_curve([judge(truth, [run], SIZE)])
    theirs = eao_curve([judge(truth, [run], SIZE, "vot")], "vot")
    # Both have a run of 39 good frames, then zeros, and one of 54 from frame 45 on.
    assert ours[39] == theirs[39] == 1
    assert ours[50] == pytest.approx((39 / 50 + 1) / 2)
    assert theirs[50] == pytest.approx((39 / 50 + 1) / 2)
    assert ours[60] == pytest.approx(39 / 60)


def test_the_interval_begins_one_frame_earlier_in_pysot():
    truth, run = track(100, (40,))
    curve = eao_curve([judge(truth, [run], SIZE)])
    assert eao([judge(truth, [run], SIZE)], (50, 60)) == pytest.approx(curve[49:60].mean())
    judged = [judge(truth, [run], SIZE, "vot")]
    assert eao(judged, (50, 60), "vot") == pytest.approx(eao_curve(judged, "vot")[50:61].mean())


def test_pysot_takes_fifteen_repetitions_or_the_first():
    truth, good = track(60)
    bad = track(60, (20,))[1]
    assert supervised([judge(truth, [good] * 14 + [bad], SIZE)]).lost == pytest.approx(1 / 15)
    assert supervised([judge(truth, [good, bad], SIZE)]).lost == 0
    assert supervised([judge(truth, [good, bad], SIZE, "vot")], None, "vot").lost == 0.5


def test_tags_pick_their_frames():
    truth, run = track(100, (40,), 10)
    tags = {"occlusion": np.arange(100) >= 50, "none": np.zeros(100, bool)}
    table = supervised_by_tag([judge(truth, [run], SIZE, "pysot", tags)], (10, 30))
    assert list(table) == ["occlusion"]
    assert table["occlusion"][0] == 50
    assert table["occlusion"][1].lost == 0


def test_a_tag_has_an_expected_overlap_where_several_sequences_carry_it_and_runs_are_long_enough():
    truth, run = track(100, (40,), 10)
    here, nowhere = {"occlusion": np.arange(100) >= 50}, {"occlusion": np.zeros(100, bool)}
    carrier, other = (judge(truth, [run], SIZE, "pysot", tags) for tags in (here, nowhere))
    assert supervised_by_tag([carrier, carrier, other], (10, 30))["occlusion"][1].eao is not None
    assert supervised_by_tag([carrier, other], (10, 30))["occlusion"][1].eao is None
    judged = {"a": carrier, "b": carrier}
    long = VotScorer("pysot", "VOT2018")
    assert long.remarks([carrier, carrier]) == ()
    short = VotScorer("pysot", "VOT2016")  # whose interval begins at 108
    assert short.numbers([carrier, carrier])["eao"] is None
    assert short.attributes(judged, {})["occlusion"][1]["eao"] is None
    assert short.remarks([carrier, carrier]) == (
        "note: there is no EAO, as it begins with runs of 108 frames and the longest here has 100.",
    )


def test_a_trajectory_of_another_length_is_refused():
    truth, run = track(50)
    with pytest.raises(ValueError, match=r"\[49\] frames"):
        judge(truth, [run[:49]], SIZE)


def test_runs_from_anchors_go_where_their_length_says():
    truth = Regions.from_boxes([[100.0 + 3 * i, 90, 60, 40] for i in range(100)])

    def run(frames):
        rows = [list(truth.boxes[i]) for i in frames]
        rows[0] = [INITIALISED]
        return Regions.from_rows(rows)

    runs = [judge_run(truth, run(range(100)), 0, SIZE), judge_run(truth, run(range(80, -1, -1)), 80, SIZE)]
    assert [one.progress for one in runs] == [100, 81]
    reached = multistart([(100, runs)], (20, 60))
    # The start's own frame holds no region and counts as no overlap.
    assert reached.accuracy == pytest.approx(179 / 181)
    assert reached.robustness == reached.eao == 1
    with pytest.raises(ValueError, match="70 frames from anchor 50"):
        judge_run(truth, run(range(70)), 50, SIZE)


def test_ten_lost_frames_on_end_are_a_failure_where_they_begin():
    truth = Regions.from_boxes(np.tile([100.0, 90, 60, 40], (60, 1)))
    rows = [[INITIALISED], *[[100.0, 90, 60, 40]] * 59]
    rows[10:19] = [[400.0, 90, 60, 40]] * 9
    assert judge_run(truth, Regions.from_rows(rows), 0, SIZE).progress == 60
    rows[30:40] = [[400.0, 90, 60, 40]] * 10
    one = judge_run(truth, Regions.from_rows(rows), 0, SIZE)
    assert one.progress == 30
    assert one.overlaps[30:].sum() == 0
    reached = multistart([(60, [one])], (5, 50))
    assert reached.robustness == 0.5
    assert reached.accuracy == pytest.approx(20 / 30)
