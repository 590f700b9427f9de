"""`python -m drol_jax.eval film`: result files drawn into a sequence's images."""

from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import pytest

from drol_jax import datasets
from drol_jax.datasets import SequenceEntry
from drol_jax.errors import UserError
from drol_jax.eval.film_cli import main
from drol_jax.report.strips import BAND, GAP, caption, spread_out, tracks_of
from drol_jax.report.style import GROUNDTRUTH, style
from drol_jax.results.files import write_boxes
from drol_jax.system.program import guarded

WIDTH, NAME = 160, "dusk_car"


@pytest.fixture(scope="module")
def sequence():
    return datasets.load("Synth", only=[NAME])[0].open()


@pytest.fixture(scope="module")
def results(sequence, tmp_path_factory):
    """Result files of one tracker that keeps to the groundtruth, and of one that stays where it began."""
    folder = tmp_path_factory.mktemp("results")
    for name, boxes in (("true", sequence.boxes), ("asleep", np.tile(sequence.boxes[:1], (len(sequence), 1)))):
        (folder / name).mkdir()
        write_boxes(folder / name / f"{NAME}.txt", boxes, sequence.origin)
    return folder


@pytest.fixture
def film(results, capsys):
    def run(output, *more, sequence=NAME, load=datasets.load):
        arguments = ["--results", str(results), "--dataset", "Synth", "--sequence", sequence, "--output", str(output)]
        code = guarded(lambda: main([*arguments, "--width", str(WIDTH), *map(str, more)], load))
        return code, *capsys.readouterr()

    return run


def test_a_strip_has_a_row_for_each_tracker_with_its_box_and_the_true_one(film, sequence, tmp_path):
    path = tmp_path / "strip.png"
    code, told, _ = film(path, "--trackers", "true,asleep", "--pictures", 3)
    assert (code, told) == (0, f"true, asleep on {NAME}: {path}\n")
    strip = cv2.imread(str(path))[..., ::-1]
    high = BAND + round(sequence.frames[0]().shape[0] * WIDTH / sequence.frames[0]().shape[1])
    assert strip.shape == (2 * high, 3 * WIDTH + 2 * GAP, 3)
    scale, last = WIDTH / sequence.frames[0]().shape[1], 2 * (WIDTH + GAP)
    for row, box in ((0, sequence.boxes[-1]), (1, sequence.boxes[0])):
        x, y, w, _ = box * scale
        edge = strip[round(row * high + BAND + y), round(last + x + w / 2)].astype(int)
        wanted = GROUNDTRUTH if row == 0 else style(1).rgb  # the groundtruth lies on top
        assert np.abs(edge - wanted).max() < 90
        assert np.abs(strip[row * high + BAND - 1, 1].astype(int) - style(row).rgb).max() == 0


def test_frames_count_from_zero_as_on_the_page(results, sequence):
    (track,) = tracks_of(sequence, {"true": results / "true" / f"{NAME}.txt"})
    words = [word for number in spread_out(len(sequence), 2) for word in caption(track, number)]
    assert words == ["true", "0   IoU 1.00", "true", f"{len(sequence) - 1}   IoU 1.00"]


@pytest.mark.parametrize("end", ["webp", "gif", "mp4"])
def test_a_film_moves(film, sequence, end, tmp_path):
    path = tmp_path / f"film.{end}"
    assert film(path, "--every", 40)[0] == 0
    wanted = len(range(0, len(sequence), 40))
    if end == "mp4":
        video = cv2.VideoCapture(str(path))
        assert video.get(cv2.CAP_PROP_FRAME_COUNT) == wanted
        assert video.get(cv2.CAP_PROP_FRAME_WIDTH) == 2 * WIDTH + GAP
    else:
        done, animation = cv2.imreadanimation(str(path))
        assert done
        assert len(animation.frames) == wanted
        assert np.abs(animation.frames[0].astype(int) - animation.frames[-1].astype(int)).mean() > 1


@pytest.mark.parametrize("end", ["webp", "gif", "mp4", "jpg"])
@pytest.mark.parametrize(("what", "code"), [(UserError("cut short; copy it again"), 2), (KeyboardInterrupt(), 130)])
def test_a_film_that_fails_or_is_interrupted_leaves_the_old_one_and_no_litter(
    film, sequence, tmp_path, end, what, code
):
    images = iter(range(3))

    def read(frame):
        if next(images, None) is None:
            raise what
        return frame()

    def load(*arguments, **more):
        failing = replace(sequence, frames=tuple(partial(read, frame) for frame in sequence.frames))
        return [SequenceEntry(NAME, lambda: failing)]

    path = tmp_path / f"film.{end}"
    path.write_bytes(b"a good film")
    assert film(path, "--every", 10, load=load)[0] == code
    assert path.read_bytes() == b"a good film"
    assert list(tmp_path.iterdir()) == [path]


def test_misuse_is_one_line(film, tmp_path):
    for output, more, words in (
        ("film.avi", (), "must end in one of .png, .jpg"),
        ("strip.png", ("--pictures", 0), "--pictures is 0, wanted more than 0"),
        ("strip.png", ("--trackers", "true,ghost"), f"no result of ghost on {NAME}; there are: asleep, true"),
        ("nowhere/strip.png", (), "choose another --output"),
        ("nowhere/film.mp4", (), "choose another --output"),
    ):
        code, _, said = film(tmp_path / output, *more)
        assert code == 2
        assert said.startswith("error: ")
        assert words in said
    assert film(tmp_path / "strip.png", sequence="none_such")[0] == 2
    assert film(tmp_path / "strip.png", sequence="far_runner")[2].startswith("error: no result on far_runner")
