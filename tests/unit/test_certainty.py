"""What an evaluation says of a tracker's confidence."""

import json

import numpy as np
import pytest

from drol_jax.datasets import Sequence
from drol_jax.eval.evaluate import evaluate
from drol_jax.report.page import page
from drol_jax.report.result_table import show_result

RIGHT, LOST = "10,10,20,20", "70,70,20,20"
SEQUENCE = Sequence("kite", (lambda: np.zeros((96, 96, 3), np.uint8),) * 5, np.tile([10.0, 10, 20, 20], (5, 1)))


@pytest.fixture
def results(tmp_path):
    """Two right boxes and two lost ones behind the given one, each with a confidence."""
    folder = tmp_path / "mine"
    (folder / "details").mkdir(parents=True)
    (folder / "kite.txt").write_text("\n".join([RIGHT, RIGHT, LOST, RIGHT, LOST]))
    lines = ["frame,confidence", "0,", "1,0.9", "2,0.3", "3,0.7", "4,0.1"]
    (folder / "details" / "kite.csv").write_text("\n".join(lines))
    return folder


def test_a_result_with_details_says_how_far_its_confidence_can_be_believed(results, tmp_path, capsys):
    result = evaluate(results, [SEQUENCE])
    found = result.trackers[0].reliability
    assert found is not None and (found.frames, found.right, found.roc) == (4, 0.5, 1.0)
    assert found.error == pytest.approx((0.1 + 0.3 + 0.3 + 0.1) / 4)
    show_result(result)
    told = "mine's confidence: mean 0.50 where 0.50 of 4 boxes are right, calibration error 0.200, tells lost boxes"
    assert told in capsys.readouterr().out
    result.write(tmp_path)
    assert json.loads((tmp_path / "scores.json").read_text())["trackers"][0]["reliability"]["roc"] == 1.0
    assert "Reliability of confidence" in page(result)


def test_a_result_without_details_says_nothing_of_it(results, capsys):
    (results / "details" / "kite.csv").unlink()
    result = evaluate(results, [SEQUENCE])
    show_result(result)
    assert result.trackers[0].reliability is None and "confidence" not in capsys.readouterr().out
    assert "Reliability" not in page(result)


def test_details_of_another_length_are_told_and_the_scores_stand(results):
    (results / "details" / "kite.csv").write_text("frame,confidence\n0,\n1,0.9\n")
    result = evaluate(results, [SEQUENCE])
    assert result.trackers[0].reliability is None and result.trackers[0].mean["auc"] is not None
    assert any("has 2 frames and" in note for note in result.notes)
