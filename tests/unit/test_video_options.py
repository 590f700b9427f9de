"""Options of reading: places as users write them, and what cannot be meant."""

from fractions import Fraction

import pytest

from drol_jax.errors import UserError
from drol_jax.video.options import Mark, ReadOptions, mark
from drol_jax.video.timeline import Timeline


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (0, Mark(frame=0)),
        (120, Mark(frame=120)),
        ("120", Mark(frame=120)),
        ("12.5s", Mark(seconds=12.5)),
        ("3 s", Mark(seconds=3)),
        (".5s", Mark(seconds=0.5)),
        ("1:02", Mark(seconds=62)),
        ("90:00", Mark(seconds=5400)),
        ("0:01:02.5", Mark(seconds=62.5)),
        ("2:00:00", Mark(seconds=7200)),
    ],
)
def test_a_place_is_a_frame_number_or_a_time(text, wanted):
    assert mark(text) == wanted


@pytest.mark.parametrize("text", ["", "soon", "-1", -1, "1.5", 1.5, "1:2", "1:60", "1:75:00", "s", "1h", True])
def test_anything_else_is_refused_with_the_forms_there_are(text):
    with pytest.raises(UserError, match=r"end .* is no place.*12\.5s") as caught:
        mark(text, "end")
    assert "\n" not in str(caught.value)


def test_a_time_is_reached_by_a_frame_whose_time_was_rounded_to_milliseconds():
    assert mark("1s").reached(30, 0.9996)
    assert not mark("1s").reached(29, 0.967)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"start": 5, "end": 5}, "end 5 is not behind start 5"),
        ({"end": 0}, "end 0 is not behind start 0"),
        ({"start": "2s", "end": "0:01"}, "end 0:01 is not behind"),
        ({"every": 0}, "every 0"),
        ({"every": 1.5}, r"every 1\.5"),
        ({"max_size": 2}, "max_size 2"),
        ({"reader": "pyva"}, "the nearest is 'pyav'"),
        ({"rate": Fraction(0)}, "rate 0"),
        ({"start": "later"}, "start 'later'"),
    ],
)
def test_options_that_mean_nothing_are_refused_by_name(wrong, named):
    with pytest.raises(UserError, match=named):
        ReadOptions(**wrong)


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (ReadOptions(), 90),
        (ReadOptions(start=10), 80),
        (ReadOptions(start=10, end=15, every=2), 3),
        (ReadOptions(start="1s", end="2s"), 30),
        (ReadOptions(end=500), 90),
        (ReadOptions(start=100), 0),
    ],
)
def test_how_many_frames_are_left_is_told_before_they_are_read(options, left):
    assert options.left_of(90, Fraction(30)) == left


class TestTimeline:
    def test_the_first_frame_is_at_zero_whatever_its_timestamp(self):
        line = Timeline(Fraction(25))
        assert [round(line.at(n, t), 6) for n, t in enumerate((7.5, 7.6, 8.0))] == [0, 0.1, 0.5]
        assert line.notes == ()

    def test_timestamps_that_jump_back_are_counted_on_and_told(self):
        line = Timeline(Fraction(10))
        times = [line.at(n, t) for n, t in enumerate((1.0, 1.1, 0.0, 0.2))]
        assert times == pytest.approx([0, 0.1, 0.2, 0.4])
        assert "frame 2, 1 times" in line.notes[0]

    def test_frames_without_timestamps_are_counted_by_the_rate_and_told(self):
        line = Timeline(Fraction(10))
        assert [line.at(n, None) for n in range(3)] == pytest.approx([0, 0.1, 0.2])
        assert "3 frames have no timestamp" in line.notes[0]
