"""Simulated corrections: when a box is put right, what is counted, and from where the tracker goes on."""

from types import SimpleNamespace

import numpy as np
import pytest

from drol_jax.bench.corrections import MANNERS, corrected

TRUTH = np.array([[10.0 * t, 0, 20, 20] for t in range(12)])
IMAGES = [np.full((2, 2, 3), t, np.uint8) for t in range(12)]


class Still:
    """A tracker whose box stays where it was begun or put right. Its state is the box; it notes what it was told."""

    def __init__(self):
        self.told = []

    def init(self, image, box):
        self.told.append(("init", int(image[0, 0, 0])))
        return tuple(box)

    def correct(self, state, image, box, *, template=False):
        self.told.append(("template" if template else "correct", int(image[0, 0, 0])))
        return tuple(box)

    def step(self, state, image):
        return state, SimpleNamespace(box=np.array(state))


@pytest.mark.parametrize(
    ("manner", "word"), [("fresh start", "init"), ("learning", "correct"), ("learning, also as template", "template")]
)
def test_a_box_is_put_right_in_the_last_of_so_many_wrong_frames_in_a_row(manner, word):
    tracker = Still()
    found = corrected(tracker, IMAGES, TRUTH, MANNERS[manner], below=0.3, patience=3)
    # It lies on a third of the target one frame later, on none two frames later: 2, 3, 4 are wrong, then 6, 7, 8.
    assert tracker.told == [("init", 0), (word, 4), (word, 8)] and found.corrections == 2
    np.testing.assert_allclose(found.overlaps, [1, 1 / 3, 0, 0, 1, 1 / 3, 0, 0, 1, 1 / 3, 0, 0])


def test_frames_without_groundtruth_count_neither_way():
    truth = TRUTH.copy()
    truth[3] = np.nan
    found = corrected(Still(), IMAGES, truth, MANNERS["fresh start"], below=0.3, patience=3)
    assert np.isnan(found.overlaps[3]) and found.overlaps[5] == 1 and found.corrections == 2
