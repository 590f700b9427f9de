"""Targets of training: what every place of a response should say about a target's box."""

from dataclasses import replace

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drol_jax.config import Config, ModelConfig, SearchConfig
from drol_jax.nets import Response
from drol_jax.tracker.anchors import anchors
from drol_jax.tracker.candidates import decode
from drol_jax.tracker.points import decode_points
from drol_jax.train.mask_losses import chosen_cells, seen_by
from drol_jax.train.targets import overlaps, split, targets

RPN = Config(model=ModelConfig(backbone="alexnet", head="depthwise_rpn"), search=SearchConfig(instance_size=287))
FC = Config(model=ModelConfig(backbone="alexnet", head="siamfc"))
POINTS = Config(
    model=ModelConfig(backbone="mobilenetv3_small", head="points_v2"), search=SearchConfig(stride=16, base_size=7)
)
LIMITS = {"positive_overlap": 0.6, "negative_overlap": 0.3, "radius": 2.0}
MIDDLE = (287 - 1) / 2


EXAMPLES = settings(deadline=None, max_examples=25)
compiled = jax.jit(targets, static_argnums=2, static_argnames=tuple(LIMITS))
decoded, decoded_points = (jax.jit(function, static_argnums=1) for function in (decode, decode_points))


def of(config, box, positive=True):
    """Targets of one pair, as numpy arrays."""
    found = compiled(np.array([box], np.float32), np.array([positive]), config, **LIMITS)
    return jax.tree.map(np.asarray, found)


def about(centre, size):
    """The box with this centre and size."""
    return [centre[0] - (size[0] - 1) / 2, centre[1] - (size[1] - 1) / 2, *size]


def test_a_target_that_is_an_anchor_is_met_without_offset():
    grid = anchors(RPN.model, RPN.search)
    a, row, column = 3, 8, 13
    place = grid[a, row, column]
    found = of(RPN, about(place[:2] + MIDDLE, place[2:]))
    assert found.positive[0, a, row, column]
    np.testing.assert_allclose(found.offsets[0, a, row, column], 0, atol=1e-6)


def test_offsets_and_signs_of_a_hand_computed_anchor():
    # The middle anchor of ratio 1 is 64 x 64 about the middle; the target is 32 x 64, 16 pixels to the right of it.
    found = of(RPN, about([MIDDLE + 16, MIDDLE], [32.0, 64.0]))
    np.testing.assert_allclose(found.offsets[0, 2, 10, 10], [0.25, 0, np.log(0.5), 0], atol=1e-6)
    # They share 32 x 64 pixels of 64 x 64: an overlap of 0.5 is neither positive nor negative.
    assert not found.positive[0, 2, 10, 10]
    assert not found.negative[0, 2, 10, 10]
    assert found.negative[0, 2, 0, 0]
    assert (found.positive.sum() > 0) and not (found.positive & found.negative).any()


@EXAMPLES
@given(
    x=st.floats(-60, 60), y=st.floats(-60, 60), w=st.floats(20, 120), h=st.floats(20, 120), cell=st.integers(0, 2204)
)
def test_the_tracker_decodes_offsets_to_the_box(x, y, w, h, cell):
    offsets = of(RPN, about([MIDDLE + x, MIDDLE + y], [w, h])).offsets
    loc = offsets.transpose(0, 2, 3, 4, 1).reshape(1, 21, 21, 20)
    _, boxes = decoded(Response(np.zeros((1, 21, 21, 10), np.float32), loc), RPN)
    np.testing.assert_allclose(boxes.reshape(-1, 4)[cell], [x, y, w, h], rtol=1e-4, atol=1e-3)


@EXAMPLES
@given(x=st.floats(-40, 40), y=st.floats(-40, 40), w=st.floats(20, 120), h=st.floats(20, 120))
def test_the_tracker_decodes_distances_from_points_to_the_box(x, y, w, h):
    middle, r = (255 - 1) / 2, POINTS.search.score_size
    found = of(POINTS, about([middle + x, middle + y], [w, h]))
    _, boxes = decoded_points(Response(np.zeros((1, r, r, 2), np.float32), found.offsets[:, 0]), POINTS)
    np.testing.assert_allclose(boxes.reshape(-1, 4), np.tile([x, y, w, h], (r * r, 1)), rtol=1e-4, atol=1e-3)
    assert (found.offsets[found.positive] > 0).all()


def test_points_in_the_inner_ellipse_are_positive_and_outside_the_outer_one_negative():
    middle, r = (255 - 1) / 2, POINTS.search.score_size
    found = of(POINTS, about([middle, middle], [100.0, 60.0]))
    row = column = r // 2
    # Points 16 pixels apart: the inner ellipse reaches 25 x 15 pixels, the outer one 50 x 30.
    assert found.positive[0, 0, row].nonzero()[0].tolist() == [column - 1, column, column + 1]
    assert found.positive[0, 0, :, column].nonzero()[0].tolist() == [row]
    assert found.negative[0, 0, row].nonzero()[0].tolist() == [i for i in range(r) if abs(i - column) > 3]
    assert found.negative[0, 0, :, column].nonzero()[0].tolist() == [i for i in range(r) if abs(i - row) > 1]


def test_siamfcs_positive_cells_are_those_within_the_radius():
    found = of(FC, about([127.0, 127 + 8.0], [50.0, 50.0]))
    wanted = np.zeros((17, 17), bool)
    for row, column in np.ndindex(17, 17):
        wanted[row, column] = (row - 9) ** 2 + (column - 8) ** 2 <= 4
    np.testing.assert_array_equal(found.positive[0, 0], wanted)
    np.testing.assert_array_equal(found.negative[0, 0], ~wanted)
    assert found.offsets is None


@pytest.mark.parametrize("config", [RPN, FC, POINTS])
def test_pairs_without_the_target_are_negative_everywhere_whatever_their_box(config):
    for box in ([np.nan] * 4, [0, 0, 0, 0], [100, 100, 50, 50]):
        found = of(config, box, positive=False)
        assert not found.positive.any()
        assert found.negative.all()
        assert found.offsets is None or np.isfinite(found.offsets).all()


def test_overlaps_of_hand_computed_boxes():
    a = np.array([0.0, 0, 2, 2])
    boxes = np.array([[0.0, 0, 2, 2], [1, 0, 2, 2], [2, 0, 2, 2], [5, 5, 1, 1], [0, 0, 1, 1]])
    np.testing.assert_allclose(jax.jit(overlaps)(a, boxes), [1, 1 / 3, 0, 0, 0.25], atol=1e-6)


def test_channels_are_split_in_pysots_order():
    channels = np.arange(20.0).reshape(1, 1, 1, 20)
    # dx of all anchors first, then dy, dw and dh.
    np.testing.assert_array_equal(split(channels, RPN.model, 4)[0, 3, 0, 0], [3, 8, 13, 18])


def test_a_cell_sees_the_part_of_the_mask_that_its_own_mask_is_put_at():
    config = replace(FC, search=SearchConfig(base_size=8))
    mask = np.zeros((255, 255), np.uint8)
    mask[100:120, 90:130] = 1
    # The first cell of 25 begins four cells before the region, cell 12 eight cells into it.
    seen = jax.jit(seen_by, static_argnums=2)
    middle = seen(mask, np.array([12, 12]), config)
    np.testing.assert_array_equal(middle, mask[64:191, 64:191])
    first = np.asarray(seen(mask, np.array([0, 0]), config))
    np.testing.assert_array_equal(first[32:, 32:], mask[:95, :95])
    assert not first[:32].any()


def test_cells_for_masks_are_positive_ones():
    positive = np.zeros((2, 5, 5), bool)
    positive[0, 1, 2] = positive[0, 4, 4] = True
    cells, counts = jax.jit(chosen_cells, static_argnums=1)(positive, 3, jax.random.key(0))
    assert counts.tolist() == [[True, True, False], [False] * 3]
    assert sorted(map(tuple, cells[0, :2].tolist())) == [(1, 2), (4, 4)]
