"""What comes next is compiled while something else is: in a thread, for the shapes that it will be asked for."""

import threading

import jax.numpy as jnp
import numpy as np
import pytest
import small_tracker
from kept_programs import programs
from small_tracker import BOX

import drol_jax
from drol_jax.running.feeders import CountedFeeder
from drol_jax.system import kept
from drol_jax.system.compiling import Jitted

__all__ = ["programs"]

ON = pytest.mark.parametrize("online", [False, True], ids=["subnet off", "on"])
TRACED: list[str] = []


def doubled(x):
    TRACED.append("doubled")
    return 2 * x


def refused(x):
    raise ValueError("no such program")


doubled.__module__ = refused.__module__ = "drol_jax.here"


def all_compiled():
    for thread in threading.enumerate():
        if thread.name == "drol-compiling":
            thread.join()


def kinds(programs):
    return {path.name.partition("-")[0] for path in programs.iterdir()}


def test_a_call_takes_what_was_compiled_ahead(programs):
    TRACED.clear()
    program = Jitted(doubled)
    program.ahead(jnp.ones(3))
    np.testing.assert_array_equal(program(jnp.ones(3)), [2, 2, 2])
    all_compiled()
    np.testing.assert_array_equal(program(jnp.ones(3)), [2, 2, 2])
    assert TRACED == ["doubled"]
    assert len(list(programs.iterdir())) == 1


def test_what_follows_begins_between_a_programs_trace_and_its_compilation_once(programs):
    TRACED.clear()
    program, seen = Jitted(doubled), []

    def follow(result):
        seen.append((result.shape, list(TRACED), list(programs.iterdir()) if programs.exists() else []))

    for _ in range(2):
        program.compile_before(follow, jnp.ones(3))
        assert seen == [((3,), ["doubled"], [])]
        assert len(list(programs.iterdir())) == 1
    np.testing.assert_array_equal(program(jnp.ones(3)), [2, 2, 2])
    assert TRACED == ["doubled"]


def test_an_error_of_what_follows_is_not_the_programs(programs):
    program = Jitted(doubled)
    program.compile_before(refused, jnp.ones(3))
    np.testing.assert_array_equal(program(jnp.ones(3)), [2, 2, 2])


def test_an_error_ahead_is_told_by_the_call(programs):
    program = Jitted(refused)
    program.ahead(jnp.ones(3))
    all_compiled()
    with pytest.raises(ValueError, match="no such program"):
        program(jnp.ones(3))


def test_where_nothing_is_kept_nothing_is_compiled_ahead(programs, monkeypatch):
    TRACED.clear()
    monkeypatch.setenv(kept.SWITCH, "0")
    Jitted(doubled).ahead(jnp.ones(3))
    all_compiled()
    assert TRACED == []


@ON
def test_a_step_is_compiled_while_init_is(programs, online):
    tracker, picture = small_tracker.tracker(online=online), small_tracker.picture(0)
    state = tracker.init(picture, BOX)
    all_compiled()
    assert {"init", "step"} <= kinds(programs)
    before = set(programs.iterdir())
    tracker.step(state, picture)
    assert set(programs.iterdir()) == before


@ON
def test_a_pools_step_is_compiled_while_init_is(programs, online):
    tracker, picture = small_tracker.tracker(online=online), small_tracker.picture(0)
    pool = drol_jax.targets(tracker, 3)
    lanes = pool.begin(picture, BOX)
    all_compiled()
    before = kinds(programs)
    assert "search_slots" in before
    assert "step" not in before
    for t in range(1, 4):
        lanes, _ = pool.step(lanes, small_tracker.picture(t))
    assert kinds(programs) == before


def test_a_feeders_program_is_compiled_for_the_frames_that_it_is_given(programs):
    tracker, picture = small_tracker.tracker(), small_tracker.picture(0)
    state = tracker.init(picture, BOX)
    feeder = CountedFeeder(lambda program, *args: program(tracker.model, *args))
    feeder.ahead(tracker.model, state, picture)
    all_compiled()
    before = set(programs.iterdir())
    feeder.start(picture, state)
    feeder.step(small_tracker.picture(1))
    feeder.fetch([None])
    assert set(programs.iterdir()) == before
