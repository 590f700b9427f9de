"""Many settings over a sequence at once: each has what it has alone."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from small_tracker import BOX, picture, tracker

from drol_jax.datasets import Sequence
from drol_jax.running.loop import Runner
from drol_jax.running.settings import SEARCHING, SettingsRunner

FRAMES = 7


def moving() -> Sequence:
    """A patch that wanders over a background."""
    frames = tuple(partial(picture, t) for t in range(FRAMES))
    return Sequence("moving", frames, np.tile(np.array(BOX, np.float64), (FRAMES, 1)))


@pytest.mark.deep
def test_settings_together_have_what_each_has_alone():
    one = tracker(refit_interval=2)
    hyper = one.settings.hyper
    settings = [
        replace(hyper, fusion=fusion, window_influence=window, refit_interval=interval)
        for fusion, window, interval in [(0.8, 0.3, 2), (0.8, 0.31, 2), (0.0, 0.0, 2), (0.8, 0.3, 3), (0.8, 0.3, 2)]
    ]
    seen = []
    together = SettingsRunner(one, varying=["fusion", "window_influence"])
    found = together.run(moving(), 5, settings, lambda index, branches: seen.append(branches))
    assert seen[0] == 2 and seen[-1] < len(settings)  # two intervals; equal settings never part
    alone = Runner(one)
    for setting, trajectory in zip(settings, found, strict=True):
        wanted = Runner(replace(one, hyper=setting), like=alone).run(moving(), 5)
        np.testing.assert_allclose(trajectory.boxes, wanted.boxes, atol=1e-3)
        np.testing.assert_array_equal(trajectory.verdicts, wanted.verdicts)
        np.testing.assert_allclose(trajectory.scores, wanted.scores, atol=1e-4)
    assert not np.array_equal(found[0].boxes, found[2].boxes)


def test_a_scalar_that_a_stage_may_not_read_is_not_there():
    from drol_jax.running.settings import STARTING, _Settings

    one = tracker()
    model = _Settings(one, [one.settings.hyper], SEARCHING).model(0, STARTING)
    assert model.hyper.fusion is None and model.hyper.label_sigma is not None
    with pytest.raises(TypeError):
        1 - model.hyper.fusion
