"""Protocols of running with the real frame loop and a small network, compiled."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small_tracker
from restarts import codes, frame_by_frame, restart

from drol_jax.datasets import Sequence
from drol_jax.errors import UserError
from drol_jax.running.loop import CHUNK, Runner, key_of


class TestWithTheFrameLoop:
    """The real loop, with a small network."""

    FRAMES = 2 * CHUNK + 13

    def groundtruth(self) -> np.ndarray:
        """Leaves the pictured target behind now and then, so that any tracker fails."""
        boxes = np.tile(np.array(small_tracker.BOX), (self.FRAMES, 1))
        for frame in (3, CHUNK + 4, CHUNK + 12, 2 * CHUNK + 8):
            boxes[frame] = [2, 80, 6, 6]
        return boxes

    def sequence(self) -> Sequence:
        frames = tuple(lambda t=t: small_tracker.picture(t) for t in range(self.FRAMES))
        return Sequence("small", frames, self.groundtruth(), size=(96, 128))

    def test_equals_init_and_step_by_hand(self):
        tracker, seq = small_tracker.tracker(online=False), self.sequence()
        tracked, _ = restart(Runner(tracker), seq)
        states = {}

        def box_of(frame, start):
            if frame == start + 1:
                states[0] = tracker.init(small_tracker.picture(start), seq.boxes[start])
            states[0], out = tracker.step(states[0], small_tracker.picture(frame))
            return np.asarray(out.box)

        wanted = frame_by_frame(seq, box_of)
        assert codes(tracked).count("2") >= 3
        for row, code, box in zip(wanted, tracked.regions.codes, tracked.regions.boxes, strict=True):
            if isinstance(row, int):
                assert row == code
            else:
                np.testing.assert_allclose(box, row, atol=1e-4)

    def test_a_run_ended_early_is_the_beginning_of_a_whole_one(self):
        runner, seq = Runner(small_tracker.tracker(online=False)), self.sequence()
        whole = runner.run(seq, 0)
        calls = []

        def until(first, reported):
            calls.append((first, len(reported)))
            return 3 if first > CHUNK else None

        part = runner.run(seq, 0, until=until)
        assert calls == [(1, CHUNK), (CHUNK + 1, CHUNK)]
        assert len(part.boxes) == 1 + CHUNK + 3
        for name in ("boxes", "scores", "online_scores", "verdicts", "templates", "confidences"):
            np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[: len(part.boxes)])

    def test_errors_after_the_end_do_not_count_and_before_it_do(self):
        runner, seq = Runner(small_tracker.tracker(online=False)), self.sequence()
        frames = list(seq.frames)
        frames[9] = lambda: np.zeros((50, 50, 3), np.uint8)
        broken = Sequence("small", tuple(frames), seq.boxes)
        assert len(runner.run(broken, 0, until=lambda first, reported: 5).boxes) == 6
        with pytest.raises(UserError, match="frame 9 is 50x50"):
            runner.run(broken, 0, until=lambda first, reported: None)

    def test_trackers_that_differ_by_scalars_share_compiled_code(self):
        first, second = (small_tracker.tracker(online=False, size_lr=rate) for rate in (0.3, 0.6))
        runner = Runner(first)
        slow = runner.run(self.sequence(), 0)
        other = Runner(second, like=runner).run(self.sequence(), 0)
        assert slow.compile_seconds > 0
        assert other.compile_seconds == 0
        assert not np.array_equal(slow.boxes, other.boxes)
        np.testing.assert_array_equal(other.boxes, Runner(second).run(self.sequence(), 0).boxes)

    def test_another_name_is_another_key(self):
        keys = {tuple(np.asarray(jax.random.key_data(key_of(0, name)))) for name in ("a", "a, run 2 from frame 0", "b")}
        assert len(keys) == 3
        assert jnp.array_equal(jax.random.key_data(key_of(0, "a")), jax.random.key_data(key_of(0, "a")))
