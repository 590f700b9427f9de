"""How many lanes: those that take least for all of the work, by what is measured where it begins."""

import threading
from types import SimpleNamespace

import numpy as np
import pytest

from drol_jax.datasets import Sequence
from drol_jax.eval.pacing import PacedEngine, quickest, rates, seconds_for

pytest_plugins = ["fakes_eval"]

EVEN = [100] * 8


@pytest.mark.parametrize(
    ("measured", "lengths", "lanes"),
    [
        ({1: 100.0, 2: 180.0, 4: 190.0}, EVEN, 4),
        ({1: 100.0, 2: 180.0, 4: 182.0}, EVEN, 2),  # 4 are no surer gain
        ({1: 100.0, 2: 103.0}, EVEN, 1),
        ({1: 100.0, 2: 90.0}, EVEN, 1),
        ({1: 100.0, 16: 800.0}, [1000, 10, 10], 1),  # 16 lanes would step for one sequence
        ({1: 100.0, 16: 800.0}, [100] * 16, 16),
        ({1: 100.0}, [7], 1),
    ],
)
def test_the_number_is_the_quickest_for_all_sequences_and_never_slower_than_one(measured, lengths, lanes):
    assert quickest(measured, lengths) == lanes
    assert seconds_for(lanes, measured, lengths) <= seconds_for(1, measured, lengths)


def sequence(length=40):
    return Sequence("one", tuple(lambda: np.zeros((2, 2, 3), np.uint8) for _ in range(length)), np.ones((length, 4)))


class Laned:
    """Tracks nothing, in lanes that must all have begun before one goes on."""

    trial = 32

    def __init__(self, no_room_for=()):
        self.no_room_for, self.ran, self.lanes = no_room_for, [], 1

    def with_lanes(self, lanes):
        other = Laned(self.no_room_for)
        other.ran, other.lanes = self.ran, lanes
        return other

    def run(self, sequence, seed, on_frame=None, until=None):
        if self.lanes in self.no_room_for:
            raise MemoryError("no room")
        for index in range(len(sequence)):
            on_frame(index)
        self.ran.append((self.lanes, len(sequence)))


def test_each_number_follows_the_first_frames_in_all_its_lanes():
    runner = Laned()
    found = rates(runner, (1, 4), sequence(), 0, lambda index: None, print)
    assert list(found) == [1, 4] and all(rate > 0 for rate in found.values())
    # Two frames to compile, then the trial in turns.
    assert runner.ran == [(1, 2), *[(4, 2)] * 4, *([(1, 33), *[(4, 33)] * 4] * 2)]


def test_numbers_that_there_is_no_room_for_are_left_out_with_all_larger_ones():
    told = []
    assert list(rates(Laned(no_room_for=(4,)), (1, 2, 4, 8), sequence(), 0, lambda index: None, told.append)) == [1, 2]
    assert [words.rpartition(": ")[0] for words in told] == ["--lanes auto: 4 lanes and more are left out: MemoryError"]
    with pytest.raises(MemoryError):
        rates(Laned(no_room_for=(1,)), (1, 2), sequence(), 0, lambda index: None, print)


def test_a_stopped_run_is_not_tried_to_the_end():
    def stop(index):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rates(Laned(), (1, 2), sequence(), 0, stop, print)


def test_units_go_one_by_one_until_the_number_is_known_and_then_in_so_many_lanes():
    at_once, most, lock, said = [], [], threading.Lock(), []
    both = threading.Barrier(2)

    def measure(runner, numbers, *_):
        assert numbers == (1, 2) and len(at_once) == 1
        return {1: 100.0, 2: 190.0}

    def track(runner, sequence, seed, number, on_frame):
        both.wait(60)  # would wait in vain in one lane
        assert runner == "in 2 lanes"

    engine = PacedEngine(said.append, measure)
    engine.expect([SimpleNamespace(open=lambda: sequence())] * 8)
    runner = SimpleNamespace(lanes_to_try=lambda most: (1, 2), with_lanes=lambda lanes: f"in {lanes} lanes")
    unit = SimpleNamespace(
        run=SimpleNamespace(runner=runner),
        sequence=sequence(),
        seed=0,
        number=1,
        running=SimpleNamespace(track=track),
    )

    def work(job, check):
        with lock:
            at_once.append(job)
            most.append(len(at_once))
        engine.track(unit, lambda index: None)
        with lock:
            at_once.remove(job)

    engine.work_off(work, range(8))
    assert max(most) == 2 == engine.lanes
    assert said == ["--lanes auto: 2 (1: 100 frames/s, 2: 190 frames/s)"]


def test_the_files_are_those_of_one_lane_and_nothing_is_tried_where_all_is_there(run, tmp_path):
    def files(folder):
        return {path.name: path.read_bytes() for path in (tmp_path / folder).rglob("*.txt")}

    run("--baseline", output=tmp_path / "one")
    code, _, err = run("--baseline", "--lanes", "auto", output=tmp_path / "auto")
    assert code == 0 and err.count("--lanes auto: ") == 1
    assert files("auto") == files("one") != {}
    code, _, err = run("--baseline", "--lanes", "auto", output=tmp_path / "auto")
    assert code == 0 and "--lanes auto" not in err


def test_where_the_first_sequence_cannot_be_tracked_the_next_tells(run, world):
    world.broken = ("alpha",)
    code, _, err = run("--lanes", "auto")
    assert code == 1 and "frame 3 is cut short" in err and err.count("--lanes auto: ") == 1


def test_a_search_refuses_it(capsys):
    from drol_jax.tune import cli

    assert cli.main(["--space", "fusion=0:1", "--lanes", "auto"]) == 2
    assert "--lanes auto" in capsys.readouterr().err


def test_one_job_is_done_in_one_lane_without_a_trial(run, world):
    code, _, err = run("--lanes", "auto", "--sequences", "beta")
    assert code == 0 and "--lanes auto: 1, as there is nothing to choose from" in err
    assert [name for name, *_ in world.done] == ["beta"]
