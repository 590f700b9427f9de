"""Any frame of a video by its number: the same picture and time whatever was asked for before."""

import cv2
import numpy as np
import pytest
from films import picture, write

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.image import frames
from drol_jax.studio.filling import Filling
from drol_jax.studio.film import Film
from drol_jax.studio.rendered import rendered, source_of
from drol_jax.video.frame import VideoFrame

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


def test_a_small_picture_is_had_at_once_of_the_last_frame_that_is_decoded_by_itself(film):
    with pytest.raises(UserError, match="frame 30: no picture is had before it is decoded"):
        film.coarse(30)  # nobody knows yet which frames those are
    film.prepare()
    assert film.key_frames() == list(range(0, COUNT, 8))
    number, small = film.coarse(30)
    image = cv2.imdecode(np.frombuffer(small, np.uint8), cv2.IMREAD_COLOR)
    exact = film.frame(24).image[..., ::-1]
    assert number == 24 and image is not None and np.abs(image.astype(float) - exact).mean() < 12
    assert film.coarse(24) == (24, small)


def test_where_there_is_no_more_room_small_pictures_are_made_ahead(path):
    film = Film(path, pictures=0)
    frame = film.frame(30)
    film.picture(1, 64)
    assert film.fill(frame, 64) and film.coarse(30)[0] == 30
    film.close()


def test_frames_are_passed_over_up_to_the_one_that_is_wanted(film):
    film.frame(0)
    film.frame(40)
    source = film._source
    for number in (41, 44, 70):
        assert film.frame(number).number == number
    assert film._source is source and 60 not in film._decoded and 42 in film._decoded


def test_images_of_a_folder_and_rendered_frames_are_had_in_any_order(tmp_path):
    for number in range(6):
        cv2.imwrite(str(tmp_path / f"{number}.png"), picture(number)[..., ::-1])
    films = Film(tmp_path), rendered(source_of("Synth", 3, "dusk_car"))
    for film, numbers in zip(films, [(5, 0, 3), (40, 2)], strict=True):
        assert film is not None
        seen = {number: film.frame(number).image for number in numbers}
        (first,) = (frame for frame in film.forwards(numbers[0]) if frame.number == numbers[0])
        assert np.array_equal(seen[numbers[0]], first.image)
        film.close()
    (entry,) = datasets.load("Synth", None, ["dusk_car"], 3)
    assert np.array_equal(seen[2], frames.read(entry.open().frames[2]))


def test_what_names_no_rendered_sequence_is_told():
    assert rendered("films/a.mp4") is None
    for source in ("rendered:OTB100/0/Couple", "rendered:Synth/x/dusk_car", "rendered:../../a"):
        with pytest.raises(UserError, match=r"names no rendered sequence|unknown"):
            rendered(source)


class Reel:
    """A film of six frames that tells which pictures were made ahead, and has room for some."""

    def __init__(self, room=6, keys=()):
        self.made, self.small, self.widths, self.room, self.keys = [], [], [], room, list(keys)

    def picture(self, number, width):
        return b""

    def coarse(self, number):
        assert self.made == []
        self.small.append(number)
        return number, b""

    def key_frames(self):
        return self.keys

    def prepare(self):
        pass

    def forwards(self, first):
        yield from (VideoFrame(number, 0.0, np.zeros((2, 2, 3), np.uint8)) for number in range(first, 6))

    def fill(self, frame, width):
        self.made.append(frame.number)
        self.widths.append(width)
        return len(self.made) < self.room


@pytest.mark.parametrize(("room", "made"), [(99, [4, 5, 0, 1, 2, 3]), (3, [4, 5, 0])])
def test_pictures_are_made_ahead_from_the_one_that_was_asked_for_while_there_is_room(room, made):
    reel = Reel(room)
    filling = Filling(reel, lambda: False, quiet=0)
    for _ in range(2):
        filling.picture(4, 32)
        filling.wait(10)
    filling.close()
    assert reel.made == made


def test_small_pictures_all_over_the_film_are_made_first_far_apart_ones_before_others():
    reel = Reel(keys=range(0, 50, 10))
    filling = Filling(reel, lambda: False, quiet=0)
    filling.picture(4, 32)
    filling.wait(10)
    filling.close()
    assert reel.small == [0, 40, 20, 10, 30] and len(reel.made) == 6


def test_pictures_of_another_width_are_made_anew():
    reel = Reel(99)
    filling = Filling(reel, lambda: False, quiet=0)
    for width in (32, 48):
        filling.picture(4, width)
        filling.wait(10)
    filling.close()
    assert reel.widths == [32] * 6 + [48] * 6


def test_no_picture_is_made_ahead_while_something_is_under_way():
    reel = Reel()
    filling = Filling(reel, lambda: True, quiet=0)
    filling.picture(0, 32)
    filling.wait(0.1)
    filling.close()
    assert reel.made == []
