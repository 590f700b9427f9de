"""Many sequences at once: each as alone, whatever the company and the order."""

import itertools
import threading
from dataclasses import replace

import jax
import numpy as np
import pytest
import small_tracker

from drol_jax.datasets import Sequence
from drol_jax.errors import UserError
from drol_jax.image import frames
from drol_jax.running.batch import Batch
from drol_jax.running.feeders import CHUNK
from drol_jax.running.loop import Runner
from drol_jax.running.rounds import follow_rows
from drol_jax.running.sequences import LockstepRunner
from drol_jax.system import workers
from drol_jax.system.workers import Clock, Watch, work_off

pytest_plugins = ["fakes_eval"]

TRACKER = small_tracker.tracker()
SHAPES = {"a": (20, 96, 128), "b": (45, 96, 128), "c": (9, 120, 160), "d": (30, 100, 128), "e": (1, 96, 128)}


def sequence(name):
    frames, height, width = SHAPES[name]
    pictures = tuple(lambda t=t: small_tracker.picture(t, height, width) for t in range(frames))
    return Sequence(name, pictures, np.tile(np.array(small_tracker.BOX), (frames, 1)))


def broken(name, frame):
    whole = sequence(name)
    pictures = list(whole.frames)
    pictures[frame] = lambda: np.zeros((50, 50, 3), np.uint8)
    return Sequence("broken", tuple(pictures), whole.boxes)


@pytest.fixture(scope="module")
def alone():
    runner = Runner(TRACKER)
    return runner, {name: runner.run(sequence(name), 0) for name in SHAPES}


@pytest.fixture(scope="module")
def batched(alone):
    return LockstepRunner(TRACKER, 2, like=alone[0], batched=True)


def same(one, other):
    names = ("boxes", "scores", "online_scores", "verdicts", "templates", "confidences")
    return all(getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in names)


def test_in_threads_each_sequence_is_to_the_bit_what_it_is_alone(alone):
    runner, wanted = alone
    lanes = LockstepRunner(TRACKER, 3, like=runner, batched=False)
    for order in ("abcde", "edcba"):
        results = lanes.run_all([sequence(name) for name in order], 0)
        assert all(same(result, wanted[name]) for name, result in zip(order, results, strict=True))


def test_in_a_batch_each_sequence_is_what_it_is_alone_whatever_company_and_order(alone, batched):
    first = dict(zip("abcde", batched.run_all([sequence(name) for name in "abcde"], 0), strict=True))
    other = dict(zip("dba", batched.run_all([sequence(name) for name in "dba"], 0), strict=True))
    for name, result in first.items():
        np.testing.assert_allclose(result.boxes, alone[1][name].boxes, atol=1e-2)
        assert result.verdicts.tolist() == alone[1][name].verdicts.tolist()
    assert all(same(result, first[name]) for name, result in other.items())


@pytest.mark.deep
def test_pictures_of_different_padded_lengths_go_together_in_one_batch(alone, monkeypatch):
    monkeypatch.setattr(frames, "CAPACITIES", (2**14, 2**15))  # "c" alone needs the second
    lanes = LockstepRunner(TRACKER, 3, like=alone[0], batched=True)
    for order in ("abdc", "cbad"):
        for name, result in zip(order, lanes.run_all([sequence(name) for name in order], 0), strict=True):
            np.testing.assert_allclose(result.boxes, alone[1][name].boxes, atol=1e-2)
            assert result.verdicts.tolist() == alone[1][name].verdicts.tolist()


@pytest.mark.parametrize("in_batch", [False, True])
def test_a_sequence_that_fails_does_not_stop_the_others(alone, batched, in_batch):
    lanes = batched if in_batch else LockstepRunner(TRACKER, 2, like=alone[0], batched=False)
    results = lanes.run_all([sequence("a"), broken("b", 7), broken("a", 0), sequence("d")], 0)
    assert isinstance(results[1], UserError) and "frame 7 is 50x50" in str(results[1])
    assert isinstance(results[2], UserError)
    for name, result in (("a", results[0]), ("d", results[3])):
        np.testing.assert_allclose(result.boxes, alone[1][name].boxes, atol=1e-2)


@pytest.mark.parametrize("in_batch", [False, True])
def test_a_source_that_raises_whatever_does_not_stop_the_others(alone, batched, in_batch):
    def fault():
        raise ValueError("decoder lost")

    lanes = batched if in_batch else LockstepRunner(TRACKER, 2, like=alone[0], batched=False)
    bad = replace(sequence("b"), frames=(*sequence("b").frames[:5], fault, *sequence("b").frames[6:]))
    results = lanes.run_all([bad, sequence("a"), sequence("d")], 0)
    assert isinstance(results[0], ValueError) and str(results[0]) == "decoder lost"
    for name, result in (("a", results[1]), ("d", results[2])):
        np.testing.assert_allclose(result.boxes, alone[1][name].boxes, atol=1e-2)


class Counting(LockstepRunner):
    """Notes each start of a program that follows frames, with what it gives. Its two lanes begin together."""

    def __init__(self, like):
        super().__init__(TRACKER, 2, like=like, batched=True)
        self.rounds = []
        self.both_in_their_lanes = threading.Barrier(2)

    def run(self, sequence, seed, on_frame=None, until=None):
        def together(index):
            if index == 0:
                self.both_in_their_lanes.wait(timeout=120)
            on_frame(index)

        return super().run(sequence, seed, together, until)

    def program(self, watch, function, *args, **rest):
        program = super().program(watch, function, *args, **rest)
        if function is not follow_rows(CHUNK):
            return program

        def noted(*args):
            lanes, outputs = program(*args)
            self.rounds.append(outputs.score)
            return lanes, outputs

        return noted


def test_a_batch_is_one_program_a_chunk_and_the_host_is_two_chunks_behind(alone, monkeypatch):
    runner, chunks = Counting(alone[0]), 5
    parts = [sequence("b"), sequence("d")]
    pictures = tuple(parts[0].frames[t % 45] for t in range(chunks * CHUNK + 1))
    boxes = np.tile(np.array(small_tracker.BOX), (len(pictures), 1))
    behind, sent, device_get, device_put = [], [], jax.device_get, jax.device_put

    def get(told):
        for output in told:
            (number,) = [number for number, score in enumerate(runner.rounds, 1) if score is output.score]
            behind.append((number, len(runner.rounds) - number))
        return device_get(told)

    monkeypatch.setattr(jax, "device_get", get)
    monkeypatch.setattr(jax, "device_put", lambda told: sent.append(told) or device_put(told))
    runner.run_all([replace(part, frames=pictures, boxes=boxes) for part in parts], 0)
    assert len(runner.rounds) == chunks  # programs, for 2 x 80 frames
    # Each lane asks once for each program's results, two programs later, and at its end for the last two's.
    wanted = [(number, min(2, chunks - number)) for number in range(1, chunks + 1)]
    assert sorted(behind) == sorted(wanted + wanted)
    rows = [told for told in sent if isinstance(told, np.ndarray) and len(told) == CHUNK * frames.CAPACITIES[0]]
    assert len(rows) == 2 * chunks + 1  # one a lane and chunk, and one for lanes that have none


def test_numbers_of_lanes_to_try_end_with_the_cores_or_in_a_batch_with_the_sequences(alone):
    in_threads = LockstepRunner(TRACKER, 1, like=alone[0], batched=False).lanes_to_try(64)
    assert in_threads == tuple(2**power for power in range(7) if 2**power <= len(workers.cores()))
    in_batch = LockstepRunner(TRACKER, 1, like=alone[0], batched=True)
    assert [in_batch.lanes_to_try(most) for most in (1, 2, 3, 10)] == [(1,), (1, 2), (1, 2), (1, 4, 8)]
    assert in_batch.with_lanes(4).lanes == 4


def test_whoever_waits_for_a_lane_that_breaks_goes_on_in_fresh_ones(alone, monkeypatch):
    batched = LockstepRunner(TRACKER, 2, like=alone[0], batched=True)
    names, failed = "abcde", threading.Event()
    waiting = threading.Barrier(len(names))
    whole = Batch._go_if_all_are_ready

    def fail_once(self):
        if self._ready and self._ready == self._awaited and len(self._taken) == 2 and not failed.is_set():
            with self._breaking():
                failed.set()
                raise MemoryError("out of memory")
        whole(self)

    monkeypatch.setattr(Batch, "_go_if_all_are_ready", fail_once)
    found = {}

    def run(name):
        waiting.wait(60)
        try:
            found[name] = batched.run(sequence(name), 0)
        except Exception as error:
            found[name] = error

    threads = [threading.Thread(target=run, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    errors = {name: str(result) for name, result in found.items() if isinstance(result, Exception)}
    assert len(errors) == 2 and all("out of memory" in error for error in errors.values())
    for name in set(names) - set(errors):
        np.testing.assert_allclose(found[name].boxes, alone[1][name].boxes, atol=1e-2)


def test_a_run_in_a_batch_may_end_early(alone, batched):
    part = batched.run(sequence("b"), 0, until=lambda first, reported: 3)
    np.testing.assert_allclose(part.boxes, alone[1]["b"].boxes[:4], atol=1e-2)


def test_what_breaks_a_batch_is_told_to_all_its_lanes_and_the_next_starts_afresh(alone, batched, monkeypatch):
    def fail(self):
        with self._breaking():
            raise MemoryError("out of memory")

    with monkeypatch.context() as patch:
        patch.setattr(Batch, "_fresh_round", fail)
        for error in batched.run_all([sequence("a"), sequence("d")], 0):
            assert isinstance(error, MemoryError | RuntimeError) and "out of memory" in str(error)
    result = batched.run(sequence("a"), 0)
    np.testing.assert_allclose(result.boxes, alone[1]["a"].boxes, atol=1e-2)


def test_no_lanes_are_misuse():
    with pytest.raises(UserError, match="0 lanes"):
        LockstepRunner(TRACKER, 0)


class TestWorkers:
    def test_what_one_job_raises_ends_the_others(self):
        ended, begun = [], threading.Event()

        def work(job, check):
            if job == 1:
                assert begun.wait(60)
                raise UserError("no space left")
            begun.set()
            for _ in itertools.count():
                try:
                    check()
                except KeyboardInterrupt:
                    ended.append(job)
                    raise

        with pytest.raises(UserError, match="no space left"):
            work_off(work, range(5), 2)
        assert ended == [0]

    def test_shares_of_time_add_up_to_the_wall_clocks(self, monkeypatch):
        now = [0.0]
        monkeypatch.setattr(workers.time, "perf_counter", lambda: now[0])
        clock = Clock()
        one, other = Watch(clock), Watch(clock)
        with one:
            now[0] = 4
            with other:
                now[0] = 10
                with other.aside():
                    now[0] = 11
            now[0] = 12
        assert (one.seconds, other.seconds) == (4 + 3 + 1 + 1, 3)


def files(folder):
    timed = ("manifest.json", "summary.json", "summary.csv")
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.name not in timed}


class TestCommandLine:
    def test_the_files_are_the_same_to_the_byte(self, run, tmp_path):
        for lanes in ("1", "3"):
            code, _, err = run("--baseline", "--seeds", "2", "--lanes", lanes, output=tmp_path / lanes)
            assert code == 0
            assert all(f"[{number}/9]" in err for number in range(1, 10))
        assert files(tmp_path / "1") == files(tmp_path / "3") != {}

    def test_an_interrupted_run_is_taken_up_with_other_lanes(self, run, world, tmp_path):
        run(output=tmp_path / "whole")
        world.done.clear()
        world.interrupt_at = 1
        code, _, err = run("--lanes", "2", output=tmp_path / "part")
        assert code == 130
        assert "runs were tracked or found finished by this command" in err
        world.interrupt_at = None
        assert run("--lanes", "3", output=tmp_path / "part")[0] == 0
        assert files(tmp_path / "part") == files(tmp_path / "whole")

    def test_what_cannot_be_tracked_is_named_and_the_rest_goes_on(self, run, world):
        world.broken, world.unopenable = ("beta",), ("alpha",)
        code, _, err = run("--baseline", "--lanes", "2")
        assert code == 1
        assert "frame 3 is cut short" in err and "groundtruth.txt is missing" in err
        assert {name for name, *_ in world.done} == {"gamma"}
        assert err.count("groundtruth.txt is missing") == 1

    def test_no_lanes_are_misuse(self, world, capsys):
        from drol_jax.eval import cli

        assert cli.main(["--lanes", "0"]) == 2
        assert capsys.readouterr().err == "error: --lanes 0: at least one is needed; pass --lanes 1 or more\n"
