"""Protocols of running: what becomes of a tracker that does known things in known frames."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from restarts import codes, frame_by_frame, restart
from scripted import AWAY, ScriptedRunner, failing_at, sequence, truthful

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval.running import MultiStart, OnePass, Restart, choose
from drol_jax.eval.segments import anchors
from drol_jax.metrics.multistart import judge_run
from drol_jax.metrics.regions import Regions


class TestRestart:
    def test_without_failure_is_one_pass_that_begins_with_a_code(self):
        runner = ScriptedRunner(truthful)
        tracked, seen = restart(runner, sequence(20))
        assert codes(tracked) == "1" + "." * 19
        assert runner.pieces == [("ball", 20)]
        assert seen == list(range(20))
        np.testing.assert_array_equal(tracked.regions.boxes[1:], sequence(20).boxes[1:])

    def test_a_failure_is_two_then_four_frames_of_nothing_then_a_new_start(self):
        tracked, _ = restart(ScriptedRunner(failing_at(7)), sequence(20))
        assert codes(tracked) == "1......200001......."
        assert tracked.timing.frames == 8 + 8

    def test_failures_in_the_first_frame_after_a_start_and_in_the_last_of_all(self):
        assert codes(restart(ScriptedRunner(failing_at(1, 7, 15)), sequence(16))[0]) == "1200001200001..2"

    def test_no_start_follows_a_failure_within_five_frames_of_the_end(self):
        assert codes(restart(ScriptedRunner(failing_at(17)), sequence(20))[0]) == "1................200"
        assert codes(restart(ScriptedRunner(failing_at(14)), sequence(20))[0]) == "1.............200001"[:20]

    def test_what_the_tracker_did_beyond_a_failure_leaves_no_trace(self):
        def script(frame, start, name):
            # Away from frame 6 on unless started later, and frames 8 and 9 cannot be read.
            if start == 0 and frame in (8, 9):
                return None
            return AWAY if start == 0 and frame >= 6 else truthful(frame, start, name)

        tracked, _ = restart(ScriptedRunner(script), sequence(20))
        assert codes(tracked) == "1.....200001........"

    def test_a_frame_that_cannot_be_tracked_before_any_failure_is_an_error(self):
        with pytest.raises(UserError, match="cut short"):
            restart(ScriptedRunner(lambda f, s, n: None if f == 8 else truthful(f, s, n)), sequence(20))

    def test_each_start_but_the_first_of_the_first_repetition_has_a_name_and_so_draws_of_its_own(self):
        names = []
        for number in (1, 2):
            runner = ScriptedRunner(failing_at(7))
            restart(runner, sequence(20), number)
            names += [name for name, _ in runner.pieces]
        assert names[0] == "ball"
        assert len(set(names)) == 4

    def test_unknown_truth_is_no_failure_and_no_start(self):
        boxes = sequence(20).boxes.copy()
        boxes[[4, 12, 13]] = np.nan
        tracked, _ = restart(ScriptedRunner(failing_at(4, 7)), sequence(20, boxes=boxes))
        assert codes(tracked) == "1......20000001....."

    def test_a_masks_rotated_boxes_are_what_is_judged_and_reported(self):
        def diamond(frame, start, name):
            x = 25.0 + frame + (60 if frame == 9 else 0)
            return np.array([x, 20, x + 10, 30, x, 40, x - 10, 30])

        tracked, _ = restart(ScriptedRunner(diamond), sequence(20))
        assert codes(tracked) == "1........200001....."
        assert not tracked.regions.is_box.any()
        np.testing.assert_array_equal(tracked.regions.corners[3].reshape(8), diamond(3, 0, ""))

    def test_results_lie_in_the_origin_of_the_benchmarks_files(self):
        tracked, _ = restart(ScriptedRunner(truthful), sequence(5, origin=1))
        np.testing.assert_array_equal(tracked.regions.boxes[2], [13, 21, 30, 20])

    @settings(max_examples=60, deadline=None)
    @given(
        frames=st.integers(1, 45),
        failures=st.sets(st.integers(1, 44), max_size=12),
        drift=st.integers(0, 12),
    )
    def test_equals_a_loop_that_looks_at_every_frame(self, frames, failures, drift):
        def script(frame, start, name):
            # Fails in given frames, and drifts off after a while from each start.
            if frame in failures:
                return AWAY
            return truthful(frame, start, name) + np.array([0, 0.5 * drift * (frame - start) ** 1.2, 0, 0])

        tracked, seen = restart(ScriptedRunner(script), sequence(frames))
        wanted = frame_by_frame(sequence(frames), lambda f, s: script(f, s, ""))
        assert [
            code if code >= 0 else tuple(tracked.regions.boxes[i]) for i, code in enumerate(tracked.regions.codes)
        ] == [row if isinstance(row, int) else tuple(row) for row in wanted]
        assert len(seen) == sum(row != 0 for row in (w if isinstance(w, int) else -1 for w in wanted))


class TestNumbers:
    def test_a_tracker_that_draws_nothing_is_repeated_as_often_as_vots_toolkit_asks_for(self):
        assert Restart().numbers(sequence(), deterministic=False) == tuple(range(1, 16))
        assert Restart().numbers(sequence(), deterministic=True) == (1, 2, 3)
        assert Restart(repetitions=2).numbers(sequence(), deterministic=True) == (1, 2)
        assert OnePass(repetitions=3).numbers(sequence(), deterministic=True) == (1,)
        assert OnePass(repetitions=3).numbers(sequence(), deterministic=False) == (1, 2, 3)

    def test_a_longterm_run_begins_with_a_code_and_keeps_confidences(self):
        how = choose("VOT2018-LT", [], None, None)
        tracked = how.track(ScriptedRunner(truthful), sequence(6), 0, 1, lambda _: None)
        assert codes(tracked) == "1....."
        assert np.isnan(tracked.run.confidence[0])
        np.testing.assert_allclose(tracked.run.confidence[1:], [0.7, 0.4, 0.1, 0.8, 0.5], atol=1e-6)


class TestAnchors:
    @given(frames=st.integers(1, 400))
    def test_without_the_benchmarks_own_they_are_about_fifty_apart_and_run_to_the_farther_end(self, frames):
        marks = anchors(sequence(frames))
        places = np.flatnonzero(marks)
        assert places[0] == 0 and (frames == 1 or places[-1] == frames - 1)
        if frames > 76:
            assert np.diff(places).min() > 33 and np.diff(places).max() < 76
        for place in places:
            ahead, behind = frames - 1 - place, place
            assert marks[place] == (1 if ahead >= behind else -1)

    def test_the_benchmarks_own_come_first(self):
        given_ = np.zeros(40, np.int8)
        given_[[0, 5]], given_[30] = 1, -1
        seq = sequence(40, anchors=given_)
        assert MultiStart().numbers(seq, deterministic=True) == (0, 5, 30)
        assert [MultiStart().frames(seq, anchor) for anchor in (0, 5, 30)] == [40, 35, 31]

    def test_an_anchor_without_a_box_is_refused_by_name(self):
        boxes = sequence(10).boxes.copy()
        boxes[4] = np.nan
        with pytest.raises(UserError, match=r"frame 4 .* is an anchor"):
            sequence(10, boxes=boxes, anchors=np.arange(10) == 4)

    def test_runs_go_forward_and_backward_from_the_truth(self):
        marks = np.zeros(40, np.int8)
        marks[3], marks[30] = 1, -1
        seq, groundtruth = sequence(40, anchors=marks), Regions.from_boxes(sequence(40).boxes)
        for anchor, lost, length in ((3, 17, 37), (30, 12, 31)):
            order = range(anchor, 40) if anchor == 3 else range(anchor, -1, -1)
            gone = set(list(order)[lost:])
            tracked = MultiStart().track(ScriptedRunner(failing_at(*gone)), seq, 0, anchor, lambda _: None)
            assert codes(tracked) == "1" + "." * (length - 1)
            judged = judge_run(groundtruth, tracked.regions, anchor, (96, 128))
            assert judged.progress == lost
            assert (judged.overlaps[1:lost] == 1).all()


class TestChoose:
    @pytest.mark.parametrize(
        ("dataset", "kind", "form"),
        [
            ("Synth", "ope", "pysot"),
            ("LaSOT", "ope", "pysot"),
            ("TrackingNet", "ope", "pysot"),
            ("VOT2018", "restart", "vot"),
            ("VOT2018-LT", "longterm", "pysot-longterm"),
            ("GOT-10k-val", "got10k", "got10k-test"),
            ("GOT-10k-test", "got10k", "got10k-test"),
        ],
    )
    def test_a_benchmark_is_run_as_it_wants(self, dataset, kind, form):
        how = choose(dataset, [], None, None)
        assert (how.kind, how.form) == (kind, form)

    def test_a_protocol_may_be_chosen(self):
        assert choose("Synth", [], "restart", None).kind == "restart"
        assert choose("VOT2018", [], None, 3).repetitions == 3

    @pytest.mark.parametrize(("protocol", "number"), [("ope", 2), ("longterm", 1), ("restart", 0), ("multistart", 3)])
    def test_repetitions_of_what_is_not_repeated_are_misuse(self, protocol, number):
        with pytest.raises(UserError, match="--repetitions"):
            choose("Synth", [], protocol, number)


def test_anchors_are_read_from_a_workspace_of_vots_toolkit(tmp_path):
    folder = tmp_path / "sequences" / "ants"
    (folder / "color").mkdir(parents=True)
    for number in range(1, 5):
        (folder / "color" / f"{number:08d}.jpg").write_bytes(b"")
    (folder / "groundtruth.txt").write_text("10,20,30,40\n" * 4)
    (folder / "anchor.value").write_text("1\n0\n0\n-1\n")
    entries = datasets.load("VOT", tmp_path)
    assert entries[0].open().anchors.tolist() == [1, 0, 0, -1]
    assert choose("VOT", entries, None, None).kind == "multistart"
    (folder / "anchor.value").unlink()
    entries = datasets.load("VOT", tmp_path)
    assert entries[0].open().anchors is None
    assert choose("VOT", entries, None, None).kind == "restart"
