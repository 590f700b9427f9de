"""Films that are written: frames at their times, the same bytes twice, and nothing lost where the disk is full."""

import resource
import signal
import subprocess
import sys
import threading
from fractions import Fraction

import cv2
import numpy as np
import pytest

from drol_jax.errors import UserError
from drol_jax.video.open import open_source
from drol_jax.video.whole import missing_bytes
from drol_jax.video.writers.animation import Animation
from drol_jax.video.writers.behind import Behind
from drol_jax.video.writers.open import KINDS, film_suffix, open_film

pytest.importorskip("av")
import av
import films

TIMES = [float(stamp * films.UNIT) for stamp in films.UNSTEADY]
IMAGES = [films.picture(n) for n in range(films.FRAMES)]


def filmed(path, images=IMAGES, times=TIMES, rate=Fraction(30)):
    film = open_film(path, images[0].shape[1], images[0].shape[0], rate)
    for image, time in zip(images, times, strict=True):
        film.add(image, time)
    film.close()
    film.close()
    return film


def test_an_mp4_shows_each_frame_at_its_own_time_from_zero(tmp_path):
    filmed(tmp_path / "a.mp4", times=[time + 3 for time in TIMES])
    found = list(open_source(tmp_path / "a.mp4"))
    assert [frame.time for frame in found] == pytest.approx(TIMES, abs=1e-4)
    assert max(np.abs(f.image.astype(int) - image).mean() for f, image in zip(found, IMAGES, strict=True)) < 4


def test_a_player_shows_the_first_frame_of_an_mp4_at_once(tmp_path):
    filmed(tmp_path / "a.mp4", times=[number / 25 for number in range(len(IMAGES))])
    with av.open(str(tmp_path / "a.mp4")) as film:
        first, *_ = film.decode(video=0)
        assert (first.time, film.start_time) == (0, 0)


def test_an_mp4_that_is_finished_has_its_index_in_front_and_the_same_bytes_twice(tmp_path):
    for name in ("a.mp4", "b.mp4"):
        filmed(tmp_path / name)
    data = (tmp_path / "a.mp4").read_bytes()
    assert data == (tmp_path / "b.mp4").read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat") and b"moof" not in data
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "b.mp4"]


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_odd_sizes_are_padded_to_even_ones(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    filmed(path, [films.picture(n, 63, 47) for n in range(3)], [0, 0.04, 0.08], Fraction(25))
    info = open_source(path).info
    assert (info.width, info.height) == (64, 48)


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_a_film_whose_process_is_killed_plays_up_to_there(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    program = f"""
import os, sys, time
import numpy as np
from fractions import Fraction
from pathlib import Path
from drol_jax.video.writers.open import open_film
path = Path(sys.argv[1])
film = open_film(path, 192, 144, Fraction(25))
noise = np.random.default_rng(0)
for n in range(150):
    film.add(noise.integers(0, 255, (144, 192, 3), np.uint8), n / 25)
while path.stat().st_size < 200_000:
    time.sleep(0.02)
os.kill(os.getpid(), {int(signal.SIGKILL)})
"""
    done = subprocess.run([sys.executable, "-c", program, str(path)], timeout=60, check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL and done.stderr == b""
    assert len(list(open_source(path))) >= 25
    with av.open(str(path)) as film:
        assert film.streams.video[0].start_time == 0, "players wait for the first frame"


def test_a_webm_has_its_constant_rate_by_frames_repeated_and_left_out(tmp_path):
    path = tmp_path / "a.webm"
    film = filmed(path, IMAGES[:4], [0, 0.1, 0.11, 0.4], Fraction(10))
    assert [frame.time for frame in open_source(path)] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4], abs=2e-3)
    assert film.notes == ("1 frames come faster than 10 a second and were left out of a.webm",)
    assert missing_bytes(path) == 0


@pytest.mark.parametrize("suffix", [".webp", ".gif"])
def test_moving_images_show_each_frame_for_its_time(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    filmed(path, IMAGES[:3], [0, 0.1, 0.25], Fraction(20))
    read, animation = cv2.imreadanimation(str(path))
    assert read and len(animation.frames) == 3
    assert list(animation.durations) == [100, 150, 50]


def test_a_moving_image_that_outgrows_its_memory_keeps_the_whole_film_in_coarser_steps(tmp_path):
    path = tmp_path / "a.webp"
    film = Animation(path, 64, 48, Fraction(10), memory=5 * 64 * 48 * 3)
    for number, image in enumerate(IMAGES):
        film.add(image, number / 10)
    film.close()
    read, animation = cv2.imreadanimation(str(path))
    assert read and list(animation.durations) == [800, 800, 800]
    assert film.notes == ("a.webp shows one frame of 8: it holds 5 of this size at most",)


@pytest.mark.parametrize("suffix", KINDS)
def test_a_full_disk_is_one_clear_error(tmp_path, suffix, capfd):
    noise = np.random.default_rng(0)
    images = [noise.integers(0, 255, (48, 64, 3), np.uint8) for _ in range(60)]
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(UserError, match=rf"cannot write .*a\{suffix}: .*; free space") as caught:
            filmed(tmp_path / f"a{suffix}", images, [n / 25 for n in range(60)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("suffix", KINDS)
def test_a_folder_that_is_not_there_is_named(tmp_path, suffix):
    with pytest.raises(UserError, match=rf"cannot write .*absent/a\{suffix}"):
        filmed(tmp_path / "absent" / f"a{suffix}")


@pytest.mark.parametrize("suffix", KINDS)
def test_an_image_of_another_size_is_refused(tmp_path, suffix):
    film = open_film(tmp_path / f"a{suffix}", 64, 48)
    film.add(IMAGES[0], 0.0)
    film.add(films.picture(0, 32, 48), 0.1)
    with pytest.raises(UserError, match=r"uint8 \[48, 32, 3\].*\[48, 64, 3\]"):
        film.close()


@pytest.mark.parametrize("suffix", KINDS)
def test_a_film_without_a_frame_leaves_no_file(tmp_path, suffix):
    open_film(tmp_path / f"a{suffix}", 64, 48).close()
    assert list(tmp_path.iterdir()) == []


def test_an_abandoned_mp4_plays_as_far_as_it_was_written(tmp_path):
    film = open_film(tmp_path / "a.mp4", 64, 48, Fraction(25))
    for number, image in enumerate(IMAGES):
        film.add(image, number / 25)
    film.abandon()
    film.close()
    assert (tmp_path / "a.mp4").exists()


class TestSuffix:
    def test_of_an_mp4_is_webm_where_pyav_is_missing_and_the_note_says_so(self):
        assert film_suffix("mp4", lambda: True) == (".mp4", "")
        suffix, note = film_suffix(".MP4", lambda: False)
        assert suffix == ".webm" and "pip install 'drol_jax[video]'" in note
        assert film_suffix("webp", lambda: False) == (".webp", "")

    def test_of_no_film_is_refused_with_those_there_are(self, tmp_path):
        with pytest.raises(UserError, match=r"the nearest is '\.mp4'.*\.webm"):
            film_suffix("mp3")
        with pytest.raises(UserError, match="no kind of film"):
            open_film(tmp_path / "a", 64, 48)


class Fake:
    """A film writer that waits for `may` before each image and fails at the third."""

    def __init__(self, may):
        self.notes, self.added, self.may, self.ended = (), [], may, ""

    def add(self, image, time):
        self.may.wait(5)
        if len(self.added) == 2:
            raise UserError("disk full")
        self.added.append(time)

    def close(self):
        self.ended = "closed"

    def abandon(self):
        self.ended = "abandoned"


class TestBehind:
    def test_an_error_comes_out_once_and_nothing_waits_for_ever(self):
        may = threading.Event()
        may.set()
        fake = Fake(may)
        film = Behind(fake, depth=1)

        def film_all():
            for number in range(50):
                film.add(IMAGES[0], number)
            film.close()

        with pytest.raises(UserError, match="disk full"):
            film_all()
        film.close()
        assert fake.added == [0, 1] and fake.ended == "abandoned"

    def test_adding_does_not_wait_for_the_encoder_until_the_queue_is_full(self):
        may = threading.Event()
        fake = Fake(may)
        film = Behind(fake, depth=2)
        film.add(IMAGES[0], 0)
        film.add(IMAGES[0], 1)
        assert fake.added == []
        may.set()
        film.close()
        assert fake.added == [0, 1] and fake.ended == "closed"

    def test_abandoning_throws_away_what_waits(self):
        may = threading.Event()
        fake = Fake(may)
        film = Behind(fake, depth=4)
        for number in range(4):
            film.add(IMAGES[0], number)
        threading.Timer(0.05, may.set).start()
        film.abandon()
        assert len(fake.added) <= 1 and fake.ended == "abandoned"
