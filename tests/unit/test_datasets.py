"""What datasets are made of: sequences that are whole, definitions that are true, package data that is found."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from drol_jax import datasets
from drol_jax.datasets.benchmarks import benchmarks
from drol_jax.datasets.sequence import Sequence
from drol_jax.datasets.text import read_boxes
from drol_jax.errors import UserError
from drol_jax.image.boxes import box_from_polygon
from drol_jax.system.resources import data_path

SHARED = Path(os.environ.get("DROL_JAX_SHARED", Path(__file__).parents[3] / "shared"))
REAL = SHARED / "realdata"
ANNOTATIONS = REAL / "annotations" / "OTB"
OTB = benchmarks()["OTB100"]
BY_NAME = {row.name: row for row in OTB.rows}


def refusal(action) -> str:
    with pytest.raises(UserError) as caught:
        action()
    assert "\n" not in str(caught.value)
    return str(caught.value)


class TestSequence:
    def test_different_numbers_of_frames_and_boxes_are_both_told(self):
        message = refusal(lambda: Sequence("a", (Path("x/1.jpg"),) * 3, np.ones((2, 4))))
        assert "3 frames" in message
        assert "2 boxes" in message
        assert "1.jpg" in message

    @pytest.mark.parametrize("boxes", [np.ones((1, 5)), np.ones(4), [["a"]]])
    def test_anything_but_a_table_of_four_columns_is_refused(self, boxes):
        assert "[T, 4]" in refusal(lambda: Sequence("a", (Path("1.jpg"),), boxes))

    def test_no_frames_are_refused(self):
        assert "no frames" in refusal(lambda: Sequence("a", (), np.empty((0, 4))))

    def test_the_callers_array_stays_as_it_was(self):
        boxes = np.ones((1, 4))
        Sequence("a", (Path("1.jpg"),), boxes)
        boxes[0, 0] = 7
        assert boxes.flags.writeable


FRAMES = (Path("1.jpg"), Path("2.jpg"), Path("3.jpg"))
BOXES = np.array([[1.0, 2, 3, 4]] * 3)
SQUARE = np.array([[1.0, 2, 3, 2, 3, 5, 1, 5]] * 3)
NAN = np.nan


class TestTruthBeyondBoxes:
    def test_everything_is_kept_and_read_only(self):
        sequence = Sequence(
            "a", FRAMES, BOXES, polygons=SQUARE, absent=np.array([False, True, False]),
            tags={"occlusion": np.array([False, True, True])}, size=(48, 64),
        )  # fmt: skip
        np.testing.assert_array_equal(sequence.polygons, SQUARE)
        assert sequence.absent.tolist() == [False, True, False]
        assert sequence.tags["occlusion"].tolist() == [False, True, True]
        assert sequence.size == (48, 64)
        for array in (sequence.polygons, sequence.absent, sequence.tags["occlusion"], sequence.boxes):
            assert not array.flags.writeable

    def test_by_default_nothing_is_claimed(self):
        plain = Sequence("a", FRAMES, BOXES)
        assert (plain.polygons, plain.absent, plain.tags, plain.size) == (None, None, {}, None)
        assert not plain.only_first_box

    def test_a_first_box_alone_is_told_apart_from_a_target_that_is_absent(self):
        boxes = np.vstack([BOXES[:1], np.full((2, 4), NAN)])
        sequence = Sequence("a", FRAMES, boxes, only_first_box=True)
        assert len(sequence) == 3
        assert sequence.first_box.tolist() == [1, 2, 3, 4]
        assert not Sequence("a", FRAMES, boxes).only_first_box
        assert "box 1" in refusal(lambda: Sequence("a", FRAMES, BOXES, only_first_box=True))

    @pytest.mark.parametrize(
        ("fields", "told"),
        [
            ({"absent": np.zeros(2, bool)}, "[3]"),
            ({"absent": np.zeros(3, int)}, "bool"),
            ({"tags": {"occlusion": np.zeros(4, bool)}}, "occlusion"),
            ({"polygons": SQUARE[:2]}, "2 polygons"),
            ({"polygons": BOXES}, "[T, 8]"),
            ({"polygons": np.where(np.eye(3, 8, dtype=bool), NAN, SQUARE)}, "polygon 0"),
            ({"size": (0, 64)}, "(0, 64)"),
        ],
        ids=["short", "not-bool", "tag", "few-polygons", "four-numbers", "partly-nan", "size"],
    )
    def test_truth_that_does_not_fit_the_frames_is_refused(self, fields, told):
        assert told in refusal(lambda: Sequence("a", FRAMES, BOXES, **fields))


class TestBoxFromPolygon:
    @given(hnp.arrays(np.float64, 4, elements=st.floats(2, 500)))
    def test_a_rectangle_of_pixels_comes_back_as_itself(self, box):
        x, y, w, h = box
        right, bottom = x + w - 1, y + h - 1
        polygon = [x, y, right, y, right, bottom, x, bottom]
        np.testing.assert_allclose(box_from_polygon(polygon), box, atol=1e-9)

    @given(hnp.arrays(np.float64, 5, elements=st.floats(1, 100)))
    def test_a_turned_rectangle_keeps_its_centre_and_its_area(self, numbers):
        x, y, w, h, turn = numbers
        across, down = w * np.array([np.cos(turn), np.sin(turn)]), h * np.array([-np.sin(turn), np.cos(turn)])
        start = np.array([x, y])
        box = box_from_polygon(np.ravel([start, start + across, start + across + down, start + down]))
        np.testing.assert_allclose(box[:2] + (box[2:] - 1) / 2, start + (across + down) / 2, atol=1e-9)
        np.testing.assert_allclose((box[2:] - 1).prod(), w * h, rtol=1e-9)

    def test_nan_stays_nan_and_a_line_keeps_its_bounds(self):
        boxes = box_from_polygon([[NAN] * 8, [1, 2, 5, 2, 5, 2, 1, 2]])
        assert np.isnan(boxes[0]).all()
        np.testing.assert_array_equal(boxes[1], [1, 2, 5, 1])

    @pytest.mark.skipif(not REAL.is_dir(), reason=f"no real sequences under {REAL} (set DROL_JAX_SHARED)")
    def test_boxes_that_pysot_derived_from_real_polygons(self):
        polygons = np.loadtxt(REAL / "VOT" / "bag" / "groundtruth.txt", delimiter=",")
        boxes = np.loadtxt(REAL / "VOT" / "bag" / "groundtruth_rect_pysot.txt", delimiter=",")
        np.testing.assert_allclose(box_from_polygon(polygons), boxes, atol=6e-5)


class TestOtbDefinitions:
    def test_three_benchmarks_of_51_50_and_100_targets(self):
        count = {name: len(benchmarks()[name].rows) for name in ("OTB2013", "OTB50", "OTB100")}
        assert count == {"OTB2013": 51, "OTB50": 50, "OTB100": 100}

    def test_59035_boxes_in_all(self):
        assert sum(row.last - row.first + 1 for row in OTB.rows) == 59035

    @pytest.mark.parametrize(
        ("name", "frames"),
        [("David", (300, 770)), ("Football1", (1, 74)), ("Freeman3", (1, 460)), ("Freeman4", (1, 283)),
         ("Diving", (1, 215)), ("BlurCar1", (247, 988)), ("BlurCar3", (3, 359)), ("BlurCar4", (18, 397)),
         ("Tiger1", (6, 354))],
    )  # fmt: skip
    def test_frame_ranges_of_the_benchmark(self, name, frames):
        assert (BY_NAME[name].first, BY_NAME[name].last) == frames

    def test_attributes_are_the_eleven_codes(self):
        codes = {"IV", "SV", "OCC", "DEF", "MB", "FM", "IPR", "OPR", "OV", "BC", "LR"}
        assert all(row.attributes and set(row.attributes) <= codes for row in OTB.rows)

    def test_every_alias_selects_one_target(self):
        aliases = [alias.casefold() for row in OTB.rows for alias in (row.name, *row.aliases)]
        assert len(aliases) == len(set(aliases))

    @pytest.mark.skipif(not ANNOTATIONS.is_dir(), reason=f"no annotations under {ANNOTATIONS} (set DROL_JAX_SHARED)")
    def test_lengths_and_first_images_equal_the_published_annotations(self):
        published = json.loads((ANNOTATIONS / "OTB2015_DaSiamRPN.json").read_text())
        spelled = OTB.spelled()
        assert len(published) == 100
        for name, groundtruth in published.items():
            row = spelled[name.casefold()]
            files = groundtruth["image_files"]
            assert (row.first, row.last) == (int(Path(files[0]).stem), int(Path(files[-1]).stem)), name
            assert len(groundtruth["gt_rect"]) == row.last - row.first + 1, name

    @pytest.mark.skipif(not ANNOTATIONS.is_dir(), reason=f"no annotations under {ANNOTATIONS} (set DROL_JAX_SHARED)")
    def test_every_original_text_file_reads(self):
        spelled = OTB.spelled()
        paths = sorted((ANNOTATIONS / "OTB100_txt").glob("*.txt"))
        assert len(paths) == 100
        for path in paths:
            row = spelled[path.stem.casefold()]
            boxes = read_boxes(path)
            assert boxes.shape == (row.last - row.first + 1, 4), path.name
            assert (boxes[0, 2:] > 0).all(), path.name


def test_package_data_is_found_and_an_absent_kind_is_told(tmp_path):
    assert (data_path("eval") / "otb.json").is_file()
    package = tmp_path / "drol_jax"
    assert "reinstall" in refusal(lambda: data_path("configs", package))
    (package / "_data" / "configs").mkdir(parents=True)
    (tmp_path / "configs").mkdir()
    assert data_path("configs", package) == package / "_data" / "configs"


def test_synth_is_rendered_from_the_seed_that_its_name_carries():
    assert datasets.canonical("synth@03") == "Synth@3"
    assert datasets.canonical("Synth@0") == "Synth"
    (named,) = datasets.load("synth@3", only=["dusk_car"])
    (seeded,) = datasets.load("Synth", only=["dusk_car"], seed=3)
    (own,) = datasets.load("Synth@0", only=["dusk_car"])
    assert np.array_equal(named.open().boxes, seeded.open().boxes)
    assert not np.array_equal(named.open().boxes, own.open().boxes)
    assert datasets.benchmark("Synth@3") is None
    for name in ("Synth@", "Synth@x", "OTB100@3", "@3"):
        with pytest.raises(UserError, match="unknown dataset"):
            datasets.load(name)
