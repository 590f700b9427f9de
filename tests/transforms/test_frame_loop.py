"""The frame loop does not wait: what moves between host and device is asked for, and results once a chunk."""

from dataclasses import replace

import jax
import numpy as np
import pytest
import small_tracker

from drol_jax.datasets.sequence import Sequence
from drol_jax.errors import UserError
from drol_jax.running import feeders as seats
from drol_jax.running import loop as run
from drol_jax.running.loop import CHUNK, Runner

FRAMES = 2 * CHUNK + 4


def sequence(frames=FRAMES, size=(90, 120)):
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (frames, *size, 3), np.uint8)
    boxes = np.tile(np.array(small_tracker.BOX), (frames, 1))
    return Sequence(name="noise", frames=tuple(lambda p=p: p for p in pictures), boxes=boxes)


def test_nothing_moves_unasked_and_results_come_once_a_chunk(monkeypatch):
    runner = Runner(small_tracker.tracker(), late=False)
    runner.run(sequence(), 0)  # compiles, where constants move
    fetched = []
    device_get = jax.device_get
    monkeypatch.setattr(seats.jax, "device_get", lambda output: fetched.append(output) or device_get(output))
    frames = []

    def under_guard(self, outputs):
        # What is sent along unasked raises; what is read back too, but on the CPU, where the fetches are counted below.
        with jax.transfer_guard("disallow"):
            found = fetch(self, outputs)
        frames.append(len(found))
        return found

    fetch = seats.CountedFeeder.fetch
    monkeypatch.setattr(seats.CountedFeeder, "fetch", under_guard)
    trajectory = runner.run(sequence(), 0)
    assert len(fetched) == 3 and frames == [CHUNK, CHUNK, FRAMES - 1 - 2 * CHUNK]
    assert np.isfinite(trajectory.boxes).all()


def test_the_loop_gives_what_the_api_gives_frame_by_frame():
    tracker, part = small_tracker.tracker(), sequence()
    found = Runner(tracker).run(part, 0)
    first, *later = (read() for read in part.frames)
    state = tracker.init(first, part.boxes[0], run.key_of(0, part.name))
    for picture, box, verdict in zip(later, found.boxes[1:], found.verdicts[1:], strict=True):
        state, output = tracker.step(state, picture)
        np.testing.assert_allclose(box, output.box, atol=1e-3)
        assert verdict == output.verdict


@pytest.mark.parametrize(
    ("size", "together", "row"),
    [((90, 120), [16, 3], 2**21), ((480, 640), [6, 6, 4, 3], 2**21), ((720, 1280), [9, 7, 3], 2**23)],
)
def test_as_many_frames_go_together_as_lie_in_the_memory_that_there_is(monkeypatch, size, together, row):
    tracker, part = small_tracker.tracker(), sequence(CHUNK + 4, size)
    with monkeypatch.context() as roomy:
        roomy.setattr(seats, "_room", lambda image: CHUNK)
        wanted = Runner(tracker, late=False).run(part, 0)
    calls, in_a_row = [], seats.in_a_row

    def told(images, room):
        pixels, size = in_a_row(images, room)
        calls.append((len(images), len(pixels)))
        return pixels, size

    monkeypatch.setattr(seats, "in_a_row", told)
    found = Runner(tracker, late=False).run(part, 0)
    assert [count for count, _ in calls] == together and {length for _, length in calls} == {row}
    np.testing.assert_array_equal(found.boxes, wanted.boxes)


def test_programs_that_were_forgotten_are_made_again():
    runner, part = Runner(small_tracker.tracker(), late=False), sequence(CHUNK)
    before = runner.run(part, 0)
    runner.forget()
    after = runner.run(part, 0)
    assert before.compile_seconds > 0 and after.compile_seconds > 0
    np.testing.assert_array_equal(before.boxes, after.boxes)


@pytest.mark.parametrize("frames", [CHUNK - 3, CHUNK + 1, FRAMES])
def test_with_results_a_chunk_late_they_are_the_same(frames):
    runner = Runner(small_tracker.tracker(), late=False)
    whole = sequence()
    part = Sequence(whole.name, whole.frames[:frames], whole.boxes[:frames])
    wanted, found = runner.run(part, 0), Runner(runner.tracker, like=runner, late=True).run(part, 0)
    np.testing.assert_allclose(found.boxes, wanted.boxes, atol=1e-2)
    assert found.verdicts.tolist() == wanted.verdicts.tolist()


def test_with_results_a_chunk_late_a_run_may_end_early_and_one_not_finite_is_named():
    tracker = small_tracker.tracker(online=False)
    runner = Runner(tracker, late=True)
    kept = runner.run(sequence(), 0, until=lambda first, boxes: 5 if first == 1 else None)
    assert len(kept.boxes) == 6
    unsound = replace(tracker, variables=jax.tree.map(lambda leaf: leaf * np.nan, tracker.variables))
    with pytest.raises(UserError, match="frame 1 is not finite"):
        Runner(unsound, like=runner, late=True).run(sequence(), 0)


def test_a_gpu_that_cannot_run_its_convolutions_is_told_of_with_the_cure(monkeypatch):
    def fail(feeder, picture):
        raise RuntimeError("INTERNAL: No DNN support for stream")

    monkeypatch.setattr(seats.LateFeeder, "step", fail)
    with pytest.raises(UserError, match=r"No DNN support for stream.*--no-cache"):
        Runner(small_tracker.tracker(online=False), late=True).run(sequence(), 0)


def test_pictures_of_many_sizes_share_the_api_s_compiled_step():
    tracker = small_tracker.tracker(online=False)
    rng = np.random.default_rng(0)
    tracker.warmup(90, 120)
    compiled = []
    jax.monitoring.register_event_duration_secs_listener(
        lambda name, *_, **__: compiled.append(name) if name.endswith("backend_compile_duration") else None
    )
    for height, width in ((90, 120), (91, 77), (200, 300), (480, 640)):
        frame = rng.integers(0, 256, (height, width, 3), np.uint8)
        state = tracker.init(frame, small_tracker.BOX)
        tracker.step(state, frame)
    assert compiled == []
