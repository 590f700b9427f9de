"""Masks in the picture, their rotated boxes, and the polygons of a run."""

from dataclasses import replace
from types import SimpleNamespace

import cv2
import jax.numpy as jnp
import numpy as np
import pytest
import small_tracker
from hypothesis import given, settings
from hypothesis import strategies as st

from drol_jax.datasets.sequence import Sequence
from drol_jax.image.masks import corners, full_frame, rotated_box
from drol_jax.running import feeders as seats
from drol_jax.running import loop as run
from drol_jax.system.compiling import Jitted
from drol_jax.tracker.masks import Mask

sides = st.floats(5, 300)


@settings(max_examples=30, deadline=None)
@given(
    x=st.floats(-200, 300), y=st.floats(-200, 300), side=sides, height=st.integers(2, 200), width=st.integers(2, 200)
)
def test_the_mask_in_the_picture_is_the_affine_warp_of_it(x, y, side, height, width):
    mask = np.random.default_rng(0).random((127, 127), np.float32)
    scale = 127 / side
    a, b = (width - 1) / (width * scale), (height - 1) / (height * scale)
    matrix = np.array([[a, 0, a * x * scale], [0, b, b * y * scale]])
    wanted = cv2.warpAffine(mask, matrix, (width, height), flags=cv2.INTER_LINEAR)
    actual = full_frame(mask, (x, y, side, side), height, width)
    assert actual.shape == (height, width)
    np.testing.assert_allclose(actual, wanted, atol=2e-3)


@settings(max_examples=30, deadline=None)
@given(x=st.floats(-1e4, 1e4), y=st.floats(-1e4, 1e4), side=st.floats(1e-3, 1e5))
def test_a_mask_anywhere_gives_probabilities(x, y, side):
    inside = full_frame(np.ones((127, 127)), (x, y, side, side), 40, 60)
    assert inside.min() >= 0
    assert inside.max() <= 1 + 1e-5
    assert np.isfinite(inside).all()


def test_a_picture_of_one_pixel_has_a_mask():
    assert full_frame(np.ones((127, 127)), (-5, -5, 20, 20), 1, 1).shape == (1, 1)


@pytest.mark.parametrize("angle", [0, 20, 45, -30])
def test_the_rotated_box_is_that_of_a_drawn_rectangle(angle):
    picture = np.zeros((200, 300), np.float32)
    drawn = cv2.boxPoints(((150, 100), (80, 40), angle))
    cv2.fillConvexPoly(picture, np.round(drawn).astype(np.int32), 1.0)
    found = rotated_box(picture, 0.5, (0, 0, 10, 10)).reshape(4, 2)
    for point in drawn:
        assert np.linalg.norm(found - point, axis=1).min() < 2.5


@pytest.mark.parametrize("angle", [0, 20, 45, 90, -30])
def test_the_rotated_box_starts_at_its_lowest_corner_and_goes_round_clockwise(angle):
    picture = np.zeros((200, 300), np.float32)
    cv2.fillConvexPoly(picture, np.round(cv2.boxPoints(((150, 100), (80, 40), angle))).astype(np.int32), 1.0)
    points = rotated_box(picture, 0.5, (0, 0, 10, 10)).reshape(4, 2)
    assert max(range(4), key=lambda at: (points[at, 1], points[at, 0])) == 0
    turns = [np.linalg.det([points[(at + 1) % 4] - points[at], points[(at + 2) % 4] - points[at]]) for at in range(4)]
    assert min(turns) > 0
    np.testing.assert_array_equal(points * 1024, np.round(points * 1024))


def test_of_several_parts_the_largest_counts():
    picture = np.zeros((100, 100), np.float32)
    picture[10:20, 10:30] = 1
    picture[50:90, 40:90] = 1
    found = rotated_box(picture, 0.5, (0, 0, 10, 10)).reshape(4, 2)
    assert found.min(axis=0).tolist() == [40, 50]
    assert found.max(axis=0).tolist() == [89, 89]


@pytest.mark.parametrize("mask", [np.zeros((50, 60)), np.pad(np.ones((8, 8)), 20), np.full((50, 60), np.nan)])
def test_an_empty_or_tiny_mask_leaves_the_trackers_own_box(mask):
    box = (3.5, 4, 20, 10)
    np.testing.assert_array_equal(rotated_box(mask, 0.3, box), [3.5, 4, 23.5, 4, 23.5, 14, 3.5, 14])
    np.testing.assert_array_equal(rotated_box(mask, 0.3, box), corners(box))


@pytest.mark.parametrize("fidelity", ["published", "exact"])
def test_a_tracker_places_the_mask_as_its_fidelity_has_it(fidelity):
    tracker = small_tracker.tracker(online=False)
    settings = replace(tracker.settings, config=replace(tracker.config, fidelity=fidelity))
    tracker = replace(tracker, settings=settings)
    mask = Mask(probability=np.pad(np.ones((60, 40)), ((20, 47), (50, 37))), box=np.array([20.0, 10.0, 254.0, 254.0]))
    output = SimpleNamespace(mask=mask, box=np.array(small_tracker.BOX))
    whole = full_frame(mask.probability, mask.box, 300, 320, exact=fidelity == "exact")
    wanted = rotated_box(whole, float(tracker.hyper.mask_threshold), output.box)
    np.testing.assert_array_equal(tracker.polygon(output, 300, 320), wanted)
    other = full_frame(mask.probability, mask.box, 300, 320, exact=fidelity != "exact")
    assert np.abs(wanted - rotated_box(other, float(tracker.hyper.mask_threshold), output.box)).max() > 0.5
    assert tracker.polygon(SimpleNamespace(mask=None, box=output.box), 300, 320) is None


def test_a_run_tells_the_polygon_of_every_frame():
    tracker = small_tracker.tracker(online=False)
    plain_step = seats.step

    def masked_step(*args):
        state, output = plain_step(*args)
        # A mask of four fifths of the box that it covers.
        inner = jnp.pad(jnp.ones((101, 101)), 13)
        return state, replace(output, mask=Mask(probability=inner, box=jnp.array([20.0, 10.0, 60.0, 60.0])))

    sequence = Sequence("small", tuple(lambda t=t: small_tracker.picture(t) for t in range(3)), [small_tracker.BOX] * 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seats, "step", masked_step)
        follow = seats._follow_so_many
        patch.setattr(seats, "_so_many_steps", Jitted(lambda *args: follow(*args), donate_argnums=1))
        polygons = run.Runner(tracker).run(sequence, 0).polygons
    assert polygons.shape == (3, 8)
    np.testing.assert_array_equal(polygons[0], corners(small_tracker.BOX))
    np.testing.assert_allclose(polygons[1].reshape(4, 2).mean(axis=0), [49.2, 39.3], atol=1)
    assert run.Runner(tracker).run(sequence, 0).polygons is None
