"""A tracker's confidence, fitted to boxes whose overlap is known."""

from dataclasses import dataclass

import numpy as np
import pytest
import yaml
from scipy.special import expit

from drol_jax.errors import UserError
from drol_jax.eval.calibrate_cli import main
from drol_jax.eval.calibration import fit, reliability_of


@dataclass(frozen=True)
class Read:
    likeness: np.ndarray
    online: np.ndarray | None
    overlap: np.ndarray
    drawn: np.ndarray


def boxes(seed=0, count=4000, online=True):
    """Boxes that are right with the probability of two factors, .7 of all, as is supposed; half of them drawn."""
    rng = np.random.default_rng(seed)
    likeness, seen = rng.uniform(0.1, 1, count), rng.uniform(0.15, 1, count)
    probability = expit(-3 + 9 * likeness) * (expit(-1 + 6 * seen) if online else 1)
    right = rng.random(count) < probability
    assert right.mean() == pytest.approx(0.7, abs=0.12)
    overlap = np.where(right, rng.uniform(0.75, 1, count), rng.uniform(0, 0.25, count))
    return Read(likeness, seen if online else None, overlap, np.arange(count) % 2 == 1)


def test_a_fit_finds_which_signs_speak_for_a_box_and_can_be_believed():
    fitted = fit([boxes(0), boxes(1)])
    assert fitted.likeness == pytest.approx(9, abs=2) and fitted.online == pytest.approx(6, abs=2)
    found = reliability_of([boxes(2)], fitted)
    assert found is not None and found.roc is not None and found.roc > 0.8 and found.error < 0.1


def test_with_the_subnet_off_likeness_speaks_alone():
    fitted = fit([boxes(online=False)])
    assert fitted.likeness == pytest.approx(9, abs=2) and expit(fitted.online_offset) > 0.999 and fitted.online == 0
    found = reliability_of([boxes(3, online=False)], fitted)
    assert found is not None and found.error < 0.1


def test_drawn_boxes_that_are_neither_right_nor_wrong_do_not_count():
    one = boxes()
    between = Read(one.likeness, one.online, np.where(one.drawn, 0.45, one.overlap), one.drawn)
    assert one.online is not None
    own = Read(one.likeness[::2], one.online[::2], one.overlap[::2], one.drawn[::2])
    assert fit([between]) == fit([own])


def test_boxes_that_are_all_right_teach_nothing():
    one = boxes()
    with pytest.raises(UserError, match="all of 4000 boxes are right: take more sequences"):
        fit([Read(one.likeness, one.online, np.ones(4000), one.drawn)])


def test_the_command_prints_the_section_of_a_configuration(capsys):
    assert main(["--sequences", "dusk_car,reef_fish"], reader=lambda arguments: lambda sequence: boxes()) == 0
    text = capsys.readouterr().out
    assert set(yaml.safe_load(text)["confidence"]) == {"offset", "likeness", "online_offset", "online"}
    assert "# 4000 boxes of Synth" in text


def test_a_benchmark_is_not_fitted_to():
    with pytest.raises(UserError, match="--dataset OTB100: a confidence is fitted on Synth"):
        main(["--dataset", "OTB100"])
