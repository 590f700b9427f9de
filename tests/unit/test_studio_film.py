"""Any frame of a video by its number: the same picture and time whatever was asked for before."""

import cv2
import numpy as np
import pytest
from films import picture, write

from drol_jax.errors import UserError
from drol_jax.studio.film import Film

COUNT = 90


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    stamps = [40 * number + 7 * (number % 3) for number in range(COUNT)]
    return write(tmp_path_factory.mktemp("film") / "a.mp4", [picture(n) for n in range(COUNT)], stamps=stamps)


@pytest.fixture
def film(path):
    film = Film(path)
    yield film
    film.close()


def test_frames_asked_for_in_any_order_are_those_of_a_reading_from_the_start(film):
    wanted = {frame.number: frame for frame in film.forwards(0)}
    assert sorted(wanted) == list(range(COUNT)) and film.ended == COUNT
    for number in (0, 70, 3, 89, 71, 2, 60, 61, 0):
        frame = film.frame(number)
        assert frame.number == number and frame.time == pytest.approx(wanted[number].time, abs=1e-6)
        assert np.array_equal(frame.image, wanted[number].image)


def test_the_first_frame_that_is_asked_for_may_be_any(path):
    film = Film(path)
    assert film.frame(0).number == 0 and film.ended is None
    film.close()


def test_backwards_come_the_same_frames(film):
    forwards = [frame.number for frame in film.forwards(0)]
    backwards = list(film.backwards(COUNT - 1))
    assert [frame.number for frame in backwards] == forwards[::-1]
    assert np.array_equal(backwards[-1].image, film.frame(0).image)


def test_behind_the_end_there_is_no_frame_and_the_others_are_still_there(film):
    for _ in range(2):
        with pytest.raises(UserError, match=r"95.*it has 90 frames"):
            film.frame(95)
    assert film.frame(10).number == 10


def test_a_picture_is_no_wider_than_asked_for(film):
    picture = cv2.imdecode(np.frombuffer(film.picture(5, 32), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None and picture.shape == (24, 32, 3)
    assert film.picture(5, 32) is film.picture(5, 32)
