"""The maps that a step chooses by: where the fused one is highest, there the step goes."""

import jax
import numpy as np
import pytest
import small_tracker

HYPER = {"size_lr": 1.0}


@pytest.mark.parametrize("head", ["depthwise_rpn", pytest.param("siamfc", marks=pytest.mark.deep)])
def test_the_step_goes_where_the_fused_map_is_highest(head):
    hyper = HYPER if head == "depthwise_rpn" else HYPER | {"penalty_k": 0.97}
    tracker = small_tracker.tracker(head=head, online=False, **hyper)
    state = tracker.init(small_tracker.picture(), small_tracker.BOX)
    frame = small_tracker.picture(4)
    seen = jax.device_get(tracker.details(state, frame))
    after, _ = tracker.step(state, frame)
    assert seen.online is None and seen.siamese.shape == seen.fused.shape
    assert seen.siamese.min() >= 0 and seen.siamese.max() <= 1
    row, column = np.unravel_index(seen.fused.argmax(), seen.fused.shape)
    x, y, w, h = seen.grid
    place = x + (column + 0.5) * w / seen.fused.shape[1], y + (row + 0.5) * h / seen.fused.shape[0]
    reach = float(max(after.size)) if head == "depthwise_rpn" else 2.0  # an anchor's box may lie beside its cell
    assert np.abs(np.array(place) - np.asarray(after.centre)).max() <= reach
