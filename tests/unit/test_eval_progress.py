"""What a benchmark run says of itself while it goes."""

import io

import pytest
from rich.console import Console

from drol_jax.eval.progress import ProgressMonitor


class Clock:
    seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def monitor(clock):
    return ProgressMonitor(4, Console(file=io.StringIO(), width=200), clock)


def test_the_whole_run_is_told_in_runs_workers_frames_and_time_left(monitor, clock):
    first, _ = monitor.begin("a", 100), monitor.begin("b", 100)
    with monitor.working(), monitor.working():
        first.frame(99)
        monitor.went(100)
        first.end("tracked")
        clock.seconds = 10.0
        # 10 frames a second; 100 frames of b, and two more runs of 100 as far as is known
        assert monitor.words == "1 of 4 runs ended, 2 workers at work, 10.0 frames/s in all, 0:00:30 left"


def test_what_was_kept_from_before_is_no_pace(monitor, clock):
    clock.seconds = 1.0
    monitor.begin("a", 100).end("kept from an earlier run")
    assert monitor.words == ""
    monitor.begin("b", 100).frame(49)
    monitor.went(50)
    with monitor.working():
        assert monitor.words == "1 of 4 runs ended, 1 worker at work, 50.0 frames/s in all, 0:00:05 left"


def test_a_run_that_comes_again_and_one_that_fails_are_counted_once(monitor, clock):
    monitor.begin("a", 100).later()
    again = monitor.begin("a", 100)
    again.frame(99)
    monitor.went(100)
    again.end("tracked")
    monitor.skip("b", 2, "no images")
    clock.seconds = 1.0
    assert monitor.words.startswith("3 of 4 runs ended, 0 workers at work")


def test_one_run_alone_has_its_bar_and_no_line_more(clock):
    one = ProgressMonitor(1, Console(file=io.StringIO()), clock)
    one.begin("a", 100).frame(1)
    one.went(2)
    assert one.words == ""


def test_on_a_terminal_the_line_stands_below_the_bars(clock):
    console = Console(file=io.StringIO(), width=120, force_terminal=True)
    with ProgressMonitor(2, console, clock) as monitor:
        monitor.begin("a", 100).frame(9)
        clock.seconds = 1.0
        monitor.went(10)
        shown = [console.render_str(str(part)) for part in monitor._progress.get_renderables()]
    assert "0 of 2 runs ended" in str(shown[-1])
