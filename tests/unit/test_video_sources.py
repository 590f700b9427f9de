"""Folders, patterns and arrays as sources, and decoding ahead of whoever takes the frames."""

import threading
import time
from fractions import Fraction

import cv2
import numpy as np
import pytest

from drol_jax.errors import UserError
from drol_jax.video.ahead import ahead
from drol_jax.video.open import open_source
from drol_jax.video.options import ReadOptions


def picture(value, width=40, height=30):
    return np.full((height, width, 3), value, np.uint8)


def folder(tmp_path, names):
    for value, name in enumerate(names):
        assert cv2.imwrite(str(tmp_path / name), picture(10 * value))
    return tmp_path


def values(source):
    return [int(frame.image[0, 0, 0]) for frame in source]


class TestImages:
    def test_come_in_natural_order_with_times_by_the_rate(self, tmp_path):
        source = open_source(folder(tmp_path, ["img1.png", "img2.PNG", "img10.png"]), ReadOptions(rate=Fraction(10)))
        found = list(source)
        assert [int(f.image[0, 0, 0]) for f in found] == [0, 10, 20]
        assert [(f.number, f.time) for f in found] == [(0, 0.0), (1, 0.1), (2, 0.2)]
        assert (source.info.name, source.info.frames, source.info.rate) == (tmp_path.name, 3, 10)

    def test_of_a_pattern_are_those_alone(self, tmp_path):
        folder(tmp_path, ["a2.png", "a10.png", "b1.png"])
        assert values(open_source(str(tmp_path / "a*.png"))) == [0, 10]
        with pytest.raises(UserError, match=r"c\*\.png: no file"):
            open_source(str(tmp_path / "c*.png"))

    def test_a_start_an_end_and_steps_keep_the_numbers(self, tmp_path):
        folder(tmp_path, [f"{n}.png" for n in range(12)])
        found = list(open_source(tmp_path, ReadOptions(start="0.12s", end=11, every=3)))
        assert [f.number for f in found] == [3, 6, 9]
        with pytest.raises(UserError, match="start 12 is behind its end, it has 12 frames"):
            open_source(tmp_path, ReadOptions(start=12))

    def test_one_that_cannot_be_read_ends_the_source_and_is_named(self, tmp_path):
        folder(tmp_path, ["1.png", "2.png", "3.png"])
        (tmp_path / "2.png").write_bytes(b"no image")
        source = open_source(tmp_path)
        assert values(source) == [0]
        assert source.cut and "frame 1" in source.notes[-1] and "2.png" in source.notes[-1]

    def test_a_first_one_that_cannot_be_read_is_an_error(self, tmp_path):
        (tmp_path / "1.jpg").write_bytes(b"no image")
        with pytest.raises(UserError, match=r"1\.jpg: not an image"):
            open_source(tmp_path)

    def test_one_of_another_size_is_given_in_the_size_of_the_first(self, tmp_path):
        folder(tmp_path, ["1.png", "2.png"])
        assert cv2.imwrite(str(tmp_path / "3.png"), picture(90, 80, 60))
        source = open_source(tmp_path)
        assert [f.image.shape for f in source] == [(30, 40, 3)] * 3
        assert source.notes == ("frame 2 is 80 x 60, the first 40 x 30: given in the first's size",)
        assert not source.cut

    def test_a_folder_without_images_says_what_to_give(self, tmp_path):
        with pytest.raises(UserError, match="is empty"):
            open_source(tmp_path)
        (tmp_path / "img").mkdir()
        folder(tmp_path / "img", ["1.png"])
        with pytest.raises(UserError, match=r"holds no images.*give .*img"):
            open_source(tmp_path)


class TestArrays:
    def test_are_copied_so_that_a_buffer_may_be_filled_again(self):
        buffer = picture(0)

        def filled():
            for value in range(4):
                buffer[:] = value
                yield buffer

        source = open_source(filled())
        assert values(list(source)) == [0, 1, 2, 3]
        assert source.info.frames is None

    def test_have_times_by_the_rate_or_their_own(self):
        assert [f.time for f in open_source([picture(0)] * 3)] == [0, 0.04, 0.08]
        timed = open_source([(5.0, picture(0)), (5.5, picture(1)[..., 0])])
        assert [(f.time, f.image.shape) for f in timed] == [(0, (30, 40, 3)), (0.5, (30, 40, 3))]

    @pytest.mark.parametrize(
        ("items", "named"),
        [
            ([picture(0), picture(0) / 255], r"frames\[1\]: frame is float64"),
            ([(0.0, picture(0)), (0.0, picture(0))], r"frames\[1\]: its time 0\.0"),
            ([("now", picture(0))], r"frames\[0\]: its time is 'now'"),
            ([], "not one frame"),
        ],
    )
    def test_that_are_none_are_refused_by_their_place(self, items, named):
        with pytest.raises(UserError, match=named):
            list(open_source(items))


@pytest.mark.parametrize("spec", [None, True, 3.5, -1])
def test_what_is_no_source_is_refused(spec):
    with pytest.raises(UserError, match=r"no source of frames|numbered from 0"):
        open_source(spec)


def test_a_film_on_a_web_server_is_not_taken_for_a_stream():
    with pytest.raises(UserError, match=r"http://example\.org: .*download it"):
        open_source("http://example.org/a/match.mp4?token=secret")


class TestAhead:
    def test_gives_the_same_frames_and_facts(self):
        source = ahead(open_source([picture(n) for n in range(9)]), depth=2)
        assert source.info.frames == 9
        assert values(source) == list(range(9))

    def test_decodes_while_a_frame_is_in_use_and_not_further_than_the_depth(self):
        made = []

        def items():
            for value in range(20):
                made.append(value)
                yield picture(value)

        source = ahead(open_source(items()), depth=3)
        given = iter(source)
        next(given)
        deadline = time.monotonic() + 5
        while len(made) < 5 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.05)
        assert len(made) == 5  # one in use, three that wait, one in the thread's hand
        source.close()

    def test_an_error_comes_after_the_frames_before_it(self):
        source = ahead(open_source([picture(0), picture(1), "no image"]))
        given = iter(source)
        assert [next(given).number, next(given).number] == [0, 1]
        with pytest.raises(UserError, match=r"frames\[2\]"):
            next(given)

    def test_closing_stops_the_thread_at_once(self):
        source = ahead(open_source(picture(0) for _ in range(10**9)), depth=1)
        given = iter(source)
        next(given)
        source.close()
        source.close()
        assert not [thread for thread in threading.enumerate() if thread.name == "drol-ahead"]
        assert list(given) == []

    def test_a_depth_below_one_is_refused(self):
        with pytest.raises(UserError, match="at least 1"):
            ahead(open_source([picture(0)]), depth=0)
