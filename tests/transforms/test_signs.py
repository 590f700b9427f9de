"""The signs of boxes along a sequence, which a confidence is fitted to."""

import numpy as np
import small_tracker

from drol_jax.datasets import Sequence
from drol_jax.running.signs import read_signs

TRACKER = small_tracker.tracker(**small_tracker.NO_HARD_NEGATIVES)
FRAMES = 5


def test_a_frame_gives_the_trackers_own_box_and_drawn_ones_each_with_its_overlap():
    pictures = tuple(lambda t=t: small_tracker.picture(t) for t in range(FRAMES))
    truth = np.array([(40.0 + t, 30 + t, 24, 20) for t in range(FRAMES)])
    truth[3] = np.nan
    sequence = Sequence("moving", pictures, truth)
    read = read_signs(TRACKER, sequence, 0)
    own = ~read.drawn
    assert own.sum() == FRAMES - 1 and read.drawn.sum() > FRAMES
    assert read.overlap[own][2] == 0  # out of view
    assert ((read.overlap >= 0) & (read.overlap <= 1)).all() and (np.abs(read.likeness) <= 1 + 1e-6).all()
    assert read.online is not None and len(read.online) == len(read.likeness)
    again = read_signs(TRACKER, sequence, 0)
    np.testing.assert_array_equal(read.likeness, again.likeness)
