"""The trackers in the box follow a target, from weights on disk to boxes in the image."""

from dataclasses import replace

import pytest

import drol_jax
from drol_jax import datasets
from drol_jax.metrics import ope
from drol_jax.online.localize import Verdict
from drol_jax.running.loop import Runner

FRAMES = 24


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("siamrpn_alex_tiny", ()),
        pytest.param("siamrpn_alex_tiny", (2, 3, 4, 5), marks=pytest.mark.deep),
        pytest.param("siamfc_alex_tiny", (), marks=pytest.mark.deep),
    ],
)
def test_an_easy_target_is_kept_and_the_subnet_knows_it(name, layers):
    tracker = drol_jax.load(name)
    config = replace(tracker.config, model=replace(tracker.config.model, online_layers=layers))
    tracker = replace(tracker, settings=replace(tracker.settings, config=config))
    (entry,) = datasets.load("Synth", only=["dusk_car"])
    whole = entry.open()
    part = replace(whole, frames=whole.frames[:FRAMES], boxes=whole.boxes[:FRAMES])
    found = Runner(tracker).run(part, 0)
    assert ope.score(found.boxes, part.boxes).auc > 0.65
    assert (found.verdicts[1:] == Verdict.FOUND).all()
    assert (found.online_scores[1:] > 0.4).all()
