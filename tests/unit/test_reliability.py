"""Confidence held against the groundtruth: calibration error, bins, and how well it tells lost boxes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drol_jax.metrics.reliability import reliability

FRAMES = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40)


def test_a_confidence_that_means_what_it_says_has_no_error():
    found = reliability([0.75] * 4 + [0.25] * 4, [0.9, 0.8, 0.7, 0.1, 0.9, 0.2, 0.3, 0.1])
    assert found is not None and found.error == 0
    assert [(one.frames, one.confidence, one.right) for one in found.bins] == [(4, 0.25, 0.25), (4, 0.75, 0.75)]
    assert (found.frames, found.right) == (8, 0.5)


def test_an_overconfident_tracker_is_off_by_what_it_overstates():
    found = reliability([0.9] * 10, [0.9] * 4 + [0.1] * 6)
    assert found is not None and found.error == pytest.approx(0.5)


def test_an_overlap_of_just_a_half_is_not_right():
    found = reliability([1.0], [0.5])
    assert found is not None and found.right == 0 and found.roc is None


def test_frames_without_groundtruth_or_confidence_do_not_count():
    found = reliability([np.nan, 0.5, 0.9], [0.9, np.nan, 0.9])
    assert found is not None and found.frames == 1
    assert reliability([np.nan], [0.9]) is None


@given(frames=FRAMES)
def test_the_area_is_the_share_of_pairs_in_order_and_the_error_is_a_share(frames):
    confidence, overlap = np.array(frames).T
    found = reliability(confidence, overlap)
    assert found is not None and 0 <= found.error <= 1
    assert sum(one.frames for one in found.bins) == found.frames == len(frames)
    right, lost = confidence[overlap > 0.5], confidence[overlap <= 0.5]
    if found.roc is not None:
        above = np.sign(right[:, None] - lost[None, :]) / 2 + 0.5
        assert found.roc == pytest.approx(above.mean())
    else:
        assert not len(right) or not len(lost)
