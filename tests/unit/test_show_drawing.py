"""Drawing: each target in its own colour, its state told by its box, and words that stay in the image."""

import numpy as np
import pytest
from browsing import row

from drol_jax.show.colours import COLOURS, colour
from drol_jax.show.drawing import DIM, Annotator
from drol_jax.tracks import rle
from drol_jax.tracks.table import TargetState

GREY = 128


def grey(height: int = 240, width: int = 320) -> np.ndarray:
    return np.full((height, width, 3), GREY, np.uint8)


def painted(image: np.ndarray, paint: tuple[int, int, int]) -> np.ndarray:
    """bool [H, W]: pixels of exactly this colour."""
    return (image == np.array(paint, np.uint8)).all(axis=-1)


def extent(where: np.ndarray) -> tuple[int, int, int, int]:
    """Least x and y, largest x and y."""
    ys, xs = np.nonzero(where)
    return int(xs.min()), int(ys.min()), int(xs.max()), int(ys.max())


def test_the_box_lies_where_the_row_says_and_the_image_is_left_alone():
    image = grey()
    drawn = Annotator()(image, [row("anna", (100, 120, 60, 80))])
    assert (image == GREY).all()
    left, _, right, bottom = extent(painted(drawn[125:], colour(0)))
    assert abs(left - 100) <= 1 and abs(right - 160) <= 1 and abs(bottom + 125 - 200) <= 1
    assert (drawn[150:170, 115:145] == GREY).all()  # nothing inside


def test_a_box_is_in_pixels_of_the_source_and_scaled_to_the_image():
    drawn = Annotator()(grey(), [row("anna", (200, 240, 120, 160))], scale=0.5)
    left, _, right, _ = extent(painted(drawn[125:], colour(0)))
    assert abs(left - 100) <= 1 and abs(right - 160) <= 1


def test_a_target_keeps_its_colour_when_others_come_and_go():
    annotate = Annotator(["anna"])
    annotate(grey(), [row("bob", (10, 100, 30, 30))])
    drawn = annotate(grey(), [row("carl", (200, 100, 30, 30)), row("anna", (100, 100, 30, 30))])
    assert painted(drawn[:, 95:135], colour(0)).any()
    assert painted(drawn[:, 195:235], colour(2)).any()
    assert not painted(drawn, colour(1)).any()


def test_the_colours_are_all_different_and_begin_again_after_the_last():
    assert len(set(COLOURS)) == len(COLOURS)
    assert colour(len(COLOURS)) == colour(0)


def test_an_occluded_box_is_broken_and_an_unsure_one_dim():
    boxes = {
        state: Annotator()(grey(), [row("anna", (60, 60, 150, 150), state)])
        for state in (TargetState.TRACKED, TargetState.OCCLUDED, TargetState.UNCERTAIN)
    }
    lower = {state: painted(drawn[100:], colour(0)).sum() for state, drawn in boxes.items()}
    assert 0.25 < lower[TargetState.OCCLUDED] / lower[TargetState.TRACKED] < 0.75
    assert lower[TargetState.UNCERTAIN] == 0
    dim = tuple(int(value * DIM) for value in colour(0))
    assert painted(boxes[TargetState.UNCERTAIN][100:], dim).sum() == lower[TargetState.TRACKED]


@pytest.mark.parametrize("state", [TargetState.LOST, TargetState.OUT_OF_VIEW])
def test_a_target_that_is_not_in_sight_has_a_line_in_the_lower_left_corner_and_no_box(state):
    drawn = Annotator()(grey(), [row("anna", None, state)])
    changed = (drawn != GREY).any(axis=-1)
    left, top, right, bottom = extent(changed)
    assert (left, bottom) == (0, 239)
    assert top > 200 and right < 200


def test_more_lines_than_there_is_room_for_are_left_out():
    drawn = Annotator()(grey(60, 80), [row(f"t{n}", None, TargetState.LOST) for n in range(40)])
    assert drawn.shape == (60, 80, 3)


@pytest.mark.parametrize("size", [(24, 32), (240, 320), (2160, 3840)])
@pytest.mark.parametrize(
    "box", [(0, 0, 0.2, 0.3), (0.9, 0, 0.2, 0.2), (0.9, 0.9, 0.5, 0.5), (-0.5, 0.4, 0.6, 0.2), (-9e9, -9e9, 2e10, 2e10)]
)
def test_labels_stay_in_the_image_wherever_the_box_is(size, box):
    height, width = size
    at = (box[0] * width, box[1] * height, box[2] * width, box[3] * height)
    drawn = Annotator()(grey(*size), [row("anna", at)])
    light = (drawn > 240).all(axis=-1)
    assert light.any()
    # All letters are there: as many light pixels as where there is plenty of room.
    if height > 100:
        free = Annotator()(grey(*size), [row("anna", (width * 0.4, height * 0.5, 50, 50))])
        assert abs(int(light.sum()) - int((free > 240).all(axis=-1).sum())) <= 0.1 * light.sum()


def test_letters_grow_with_the_image():
    def height_of_label(size: tuple[int, int]) -> int:
        drawn = Annotator()(grey(*size), [row("anna", (size[1] * 0.3, size[0] * 0.5, 50, 50))])
        _, top, _, bottom = extent((drawn > 220).all(axis=-1))
        return bottom - top

    small, usual, large = (height_of_label(size) for size in ((240, 320), (480, 640), (2160, 3840)))
    assert 5 <= small <= usual < large
    assert large / 2160 > 0.01


def test_names_that_opencv_has_no_letters_for_stand_as_the_targets_number():
    for name in ("太郎", "Zoë", "tab\there"):
        drawn = Annotator(["anna"])(grey(), [row(name, (100, 100, 50, 50))])
        number = Annotator(["anna", "target 2"])(grey(), [row("target 2", (100, 100, 50, 50))])
        np.testing.assert_array_equal(drawn, number)


def test_long_names_are_cut():
    drawn = Annotator()(grey(480, 640), [row("a" * 500, (100, 100, 50, 50))])
    _, _, right, _ = extent((drawn > 240).all(axis=-1))
    assert right < 500


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_a_mask_tints_its_own_pixels_and_no_others(scale):
    mask = np.zeros((round(240 / scale), round(320 / scale)), bool)
    inside = np.zeros((240, 320), bool)
    inside[100:140, 150:190] = True
    mask[round(100 / scale) : round(140 / scale), round(150 / scale) : round(190 / scale)] = True
    box = (120 / scale, 80 / scale, 110 / scale, 90 / scale)
    drawn = Annotator()(grey(), [row("anna", box, mask=rle.encode(mask))], scale=scale)
    changed = (drawn != GREY).any(axis=-1)[90:160, 130:220]
    np.testing.assert_array_equal(changed, inside[90:160, 130:220])


def test_an_empty_mask_is_no_trouble():
    empty = rle.encode(np.zeros((240, 320), bool))
    with_mask = Annotator()(grey(), [row("anna", (100, 100, 40, 40), mask=empty)])
    np.testing.assert_array_equal(with_mask, Annotator()(grey(), [row("anna", (100, 100, 40, 40))]))


def test_the_masks_rotated_box_is_drawn_too():
    box, corners = (100, 100, 80, 80), (140.0, 100.0, 180.0, 140.0, 140.0, 180.0, 100.0, 140.0)
    plain = Annotator()(grey(), [row("anna", box)])
    turned = Annotator()(grey(), [row("anna", box, polygon=corners)])
    assert (plain[119:124, 119:124] == GREY).all()
    assert (turned[119:124, 119:124] != GREY).any()


def test_no_rows_give_the_same_image_in_an_array_of_its_own():
    image = grey()
    drawn = Annotator()(image, [])
    np.testing.assert_array_equal(drawn, image)
    assert not np.shares_memory(drawn, image)


def test_views_and_images_that_may_not_be_written_are_fine():
    image = grey()[:, ::-1]
    image.flags.writeable = False
    assert Annotator()(image, [row("anna", (10, 10, 50, 50))]).flags.c_contiguous
