"""Synth: the same seed gives the same film, and the labels are true."""

import pickle
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from drol_jax import datasets
from drol_jax.datasets.synth import SEQUENCE_NAMES, load_synth, open_synth
from drol_jax.datasets.synth.benchmark import SPECS
from drol_jax.datasets.synth.plan import Plan
from drol_jax.datasets.synth.render import line_kernel, smeared
from drol_jax.datasets.synth.scene import Scene
from drol_jax.errors import UserError

CODES = {"DIS", "OCC", "DEF", "IPR", "SV", "IV", "MB", "FM", "OV", "BC", "LR"}
FAST = "leaving_dog"  # quick to paint


@pytest.fixture(scope="module")
def opened():
    return {entry.name: entry.open() for entry in load_synth()}


def test_fifteen_sequences_in_three_resolutions():
    assert len(SEQUENCE_NAMES) == len(set(SEQUENCE_NAMES)) == 15
    assert {spec.size for spec in SPECS} == {(320, 240), (480, 360), (640, 480)}
    assert all(80 <= spec.length <= 150 for spec in SPECS)


def test_every_attribute_is_in_two_sequences_and_distractors_in_five():
    count = Counter(code for spec in SPECS for code in spec.attributes)
    assert set(count) == CODES
    assert min(count.values()) >= 2
    assert count["DIS"] >= 5
    assert all(("DIS" in spec.attributes) == (spec.companions + spec.crossings > 0) for spec in SPECS)


@pytest.mark.parametrize("name", [FAST, "tumbling_toy"])
def test_the_same_seed_gives_the_same_bytes_in_any_order_and_from_threads(name):
    (first,), (second,) = load_synth(3, [name]), load_synth(3, [name])
    first, second = first.open(), second.open()
    order = [50, 2, 91, 0, 50]
    with ThreadPoolExecutor(3) as pool:
        shuffled = list(pool.map(lambda i: second.frames[i](), order))
    for index, frame in zip(order, shuffled, strict=True):
        np.testing.assert_array_equal(first.frames[index](), frame)
    np.testing.assert_array_equal(first.boxes, second.boxes)


def test_another_seed_gives_another_film():
    (a,), (b,) = load_synth(0, [FAST]), load_synth(1, [FAST])
    a, b = a.open(), b.open()
    assert not np.array_equal(a.boxes, b.boxes, equal_nan=True)
    assert np.mean(a.frames[0]() != b.frames[0]()) > 0.5


def test_a_sequence_does_not_depend_on_which_others_are_loaded(opened):
    (alone,) = load_synth(0, [FAST])
    np.testing.assert_array_equal(alone.open().boxes, opened[FAST].boxes)


def test_frames_survive_pickling_to_another_process():
    frame = load_synth(0, [FAST])[0].open().frames[7]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(frame))(), frame())


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_boxes_lie_in_the_picture_and_start_whole(opened, spec):
    sequence = opened[spec.name]
    assert len(sequence) == spec.length
    assert sequence.attributes == spec.attributes
    assert sequence.origin == 0
    seen = sequence.boxes[~np.isnan(sequence.boxes[:, 0])]
    assert (seen[:, :2] >= 0).all()
    assert (seen[:, :2] + seen[:, 2:] <= np.array(spec.size) + 0.02).all()
    assert (seen[:, 2:] > 0).all()
    x, y, w, h = sequence.first_box
    assert x > 0
    assert y > 0
    assert x + w < spec.size[0]
    assert y + h < spec.size[1]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_only_out_of_view_sequences_lose_sight_and_the_target_comes_back(opened, spec):
    absent = np.isnan(opened[spec.name].boxes[:, 0])
    assert absent.any() == ("OV" in spec.attributes)
    assert not absent[-10:].any()
    assert absent.sum() <= 25


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_motion_is_smooth_unless_it_is_labelled_fast(opened, spec):
    boxes = opened[spec.name].boxes
    if "OV" in spec.attributes:  # a box that the border cuts off moves and shrinks otherwise
        inside = (boxes[:, 0] > 0) & (boxes[:, 0] + boxes[:, 2] < spec.size[0])
        boxes = boxes[: np.argmin(inside)]
    moved = np.linalg.norm(np.diff(boxes[:, :2] + boxes[:, 2:] / 2, axis=0), axis=1) / spec.extent
    fast = moved > 0.25
    assert np.median(moved) < 0.15
    assert moved.max() < 0.8
    assert fast.any() == ("FM" in spec.attributes)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_size_and_resolution_labels_are_true(opened, spec):
    boxes = opened[spec.name].boxes
    area = boxes[:, 2] * boxes[:, 3]
    assert (np.nanmedian(area) < 500) == ("LR" in spec.attributes)
    plan = Plan(spec, 0)
    assert (plan.scale.max() / plan.scale.min() > 1.5) == ("SV" in spec.attributes)


@pytest.mark.parametrize("name", ["leaving_dog", "dusk_car", "shelf_toy"])
def test_the_box_is_tight_about_what_changes_when_the_target_is_taken_away(name):
    spec = next(spec for spec in SPECS if spec.name == name)
    scene = Scene(Plan(spec, 0))
    stage, target = scene.stage, scene.plan.target
    blank = np.zeros((spec.size[1], spec.size[0], 3), np.uint8)
    with_target = blank.copy()
    bright = type(target.sprite)(
        tuple(np.where(pose[..., 3:] > 200, 255, 0).astype(np.uint8).repeat(4, 2) for pose in target.sprite.poses),
        target.sprite.outlines,
    )
    type(target)(bright, target.maps, target.pose, np.zeros_like(target.smear)).draw(with_target, 5)
    ys, xs = np.nonzero(with_target[..., 0] > 127)
    x, y, w, h = scene.plan.boxes[5]
    found = np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1])
    np.testing.assert_allclose(found, [x, y, x + w, y + h], atol=2.0)
    assert target in stage.actors


@pytest.mark.parametrize("seed", [0, 1])
def test_nothing_hides_the_target_in_the_first_frame(seed):
    for spec in SPECS:
        if spec.size == (640, 480) or not {"DIS", "OCC"} & set(spec.attributes):
            continue
        scene = Scene(Plan(spec, seed))
        actors = scene.stage.actors
        before = actors[actors.index(scene.plan.target) + 1 :]
        assert not any(scene.plan.covers_start(actor) for actor in before), spec.name


def test_rendered_frames_are_uint8_rgb_with_texture():
    for spec in (SPECS[3], SPECS[6], SPECS[14]):
        image = open_synth(spec, 0).frames[10]()
        assert image.dtype == np.uint8
        assert image.shape == (spec.size[1], spec.size[0], 3)
        assert image.std() > 10


def test_a_smear_keeps_brightness_and_its_direction():
    even = np.full((30, 40, 3), 97, np.uint8)
    np.testing.assert_array_equal(smeared(even, line_kernel(np.array([9.0, 4.0])), cv2.BORDER_REFLECT_101), even)
    assert line_kernel(np.array([1.0, 0.5])) is None
    across = line_kernel(np.array([9.0, 0.0]))
    assert across is not None
    assert (across.sum(1) > 0).sum() == 1
    assert (across.sum(0) > 0).sum() >= 9
    long = line_kernel(np.array([0.0, 400.0]))
    assert long is not None
    assert len(long) <= 25


def test_unknown_names_and_seeds_are_refused():
    with pytest.raises(UserError, match="no_such"):
        load_synth(0, ["no_such"])
    with pytest.raises(UserError, match="negative"):
        load_synth(-1)


def test_load_selects_by_name_in_any_case_and_suggests_the_nearest():
    entries = datasets.load("synth", only=["School_Fish", "dusk_car"])
    assert [entry.name for entry in entries] == ["dusk_car", "school_fish"]
    with pytest.raises(UserError, match="school_fish"):
        datasets.load("Synth", only=["schoolfish"])
    with pytest.raises(UserError, match="OTB100"):
        datasets.load("OTB-100")
