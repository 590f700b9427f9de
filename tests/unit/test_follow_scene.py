"""What stood in the image while a target was seen elsewhere is not the target, come back."""

import numpy as np

from drol_jax.follow.scene import Scene, small, stood

SIZE = (240, 320)
HERE, TREE, EMPTY = (np.array([x, 100.0, 20.0, 40.0]) for x in (20, 150, 250))


def film(seed, *boxes):
    """A frame uint8 [240, 320, 3] with things at some boxes, and noise."""
    image = np.full((*SIZE, 3), 90)
    for x, y, w, h in np.array(boxes, int).reshape(-1, 4):
        image[y : y + h, x : x + w] = (200, 30, 30)
    noise = np.random.default_rng(seed).integers(-6, 7, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def told(now, *boxes):
    scene = Scene(grey=small(film(0, HERE, TREE)), box=HERE)
    return stood(scene, small(now), np.array(boxes), SIZE).tolist()


def test_what_stood_there_all_the_time_is_told_from_what_has_come():
    assert told(film(1, TREE, EMPTY), TREE, EMPTY) == [True, False]


def test_a_target_may_come_back_where_it_was():
    assert told(film(1, HERE, TREE), HERE) == [False]


def test_where_the_camera_has_moved_nothing_stands():
    assert told(np.roll(film(1, TREE), 60, axis=1), TREE + np.array([60, 0, 0, 0]), TREE) == [False, False]


def test_boxes_that_reach_out_of_the_image_or_are_smaller_than_a_pixel_are_told_of():
    assert told(film(1, TREE), TREE - np.array([160, 0, 0, 0]), TREE * np.array([1, 1, 0.01, 0.01])) == [True, True]


def test_without_a_scene_nothing_is_ruled_out():
    assert not stood(None, small(film(1, TREE)), TREE[None], SIZE).any()
