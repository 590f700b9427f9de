"""One evaluation: a run is scored in the benchmark's own dialect, by the command that tracks as by the one that scores.

TNL2K's published scores are in LaSOT's dialect, in which a groundtruth that touches the left border counts for nothing.
"""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from scripted import Config, FakeTracker, Online, Track
from trees import JPEG, Miniature

from drol_jax.eval.cli import main
from drol_jax.metrics import ope
from drol_jax.metrics.dialects import DIALECTS

NAMES = ("border", "inside", "corner")
FRAMES = 12
SHIFT = 3.0


class NearRunner:
    """Reports the groundtruth, some pixels to the right."""

    def run(self, sequence, seed, on_frame=None, until=None):
        boxes = np.add(sequence.boxes, (SHIFT, 0, 0, 0))
        boxes[0] = sequence.boxes[0]
        flags, scores = np.zeros(len(boxes), np.int8), np.ones(len(boxes), np.float32)
        return Track(boxes, scores, scores, flags, flags, scores, None, seconds=0.5, compile_seconds=0.0)


class NearBackend:
    def __init__(self, online: bool = True):
        self._online = online

    def load(self, config, weights, *, online):
        return FakeTracker(config, Config(Online(self._online if online is None else online)), {}), NearRunner()

    def environment(self):
        return {"jax": "fake"}

    def finish(self):
        pass


def groundtruth(name: str) -> np.ndarray:
    """The target's left edge lies at x = 0 in half of the frames, but in one sequence."""
    left = np.zeros(FRAMES) if name == "corner" else np.full(FRAMES, 20.0)
    if name == "border":
        left[FRAMES // 2 :] = 0
    return np.stack([left, np.full(FRAMES, 20.0), np.full(FRAMES, 30.0), np.full(FRAMES, 25.0)], 1)


@pytest.fixture
def data(tmp_path) -> Path:
    """A folder of TNL2K."""
    for name in NAMES:
        images, lines = f"{name}/imgs/%05d.jpg", [",".join(f"{v:g}" for v in box) for box in groundtruth(name)]
        one = Miniature(
            dataset="TNL2K", sequence=name, images=images, frames=FRAMES, groundtruth=f"{name}/groundtruth.txt"
        )
        one.unfold(tmp_path / "TNL2K", lines, JPEG)
    return tmp_path / "TNL2K"


@pytest.fixture
def track(data, tmp_path, capsys):
    """Tracks the folder; gives standard output, standard error and the summary."""

    def track(*more: str):
        arguments = ["--dataset", "TNL2K", "--data-root", str(data), "--output", str(tmp_path / "out"), "--no-report"]
        assert main([*arguments, *more], lambda _: NearBackend()) == 0
        told = capsys.readouterr()
        return told.out, told.err, json.loads((tmp_path / "out" / "TNL2K" / "summary.json").read_text())

    return track


def expected(dialect: str) -> float:
    every = []
    for name in NAMES:
        truth = groundtruth(name)
        predicted = np.concatenate([truth[:1], np.add(truth[1:], (SHIFT, 0, 0, 0))])
        every.append(ope.score(predicted, truth, DIALECTS[dialect]))
    return ope.mean(every).auc


def test_the_command_that_tracks_and_the_one_that_scores_agree_and_name_the_dialect(track, data, tmp_path, capsys):
    out, err, summary = track()
    arguments = ["--dataset", "TNL2K", "--data-root", str(data), "--results", str(tmp_path / "out" / "TNL2K")]
    assert main(["score", *arguments, "--output", str(tmp_path / "scored")]) == 0
    scored_out = capsys.readouterr().out
    scored = json.loads((tmp_path / "scored" / "scores.json").read_text())
    ours, again = summary["trackers"][0], scored["trackers"][0]
    assert ours["mean"]["auc"] == again["mean"]["auc"] == pytest.approx(expected("lasot"))
    assert {name: row["auc"] for name, row in ours["sequences"].items()} == {
        name: row["auc"] for name, row in again["sequences"].items()
    }
    for printed in (out, scored_out):
        assert printed.startswith("TNL2K, dialect lasot: first frame is the groundtruth, ")
    assert summary["dialect"] == scored["dialect"] == "lasot"
    rows = list(csv.DictReader((tmp_path / "out" / "TNL2K" / "summary.csv").open()))
    assert {row["dialect"] for row in rows} == {"lasot"}
    assert f"corner DROL: AUC {ours['sequences']['corner']['auc']:.3f}" in err


def test_the_difference_is_worth_a_test(track):
    assert expected("pysot") - expected("lasot") > 0.3


def test_another_dialect_scores_the_same_files_where_it_is_asked_for(track, tmp_path):
    track()
    boxes = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.txt")}
    out, err, summary = track("--dialect", "pysot")
    assert out.startswith("TNL2K, dialect pysot: ")
    assert summary["trackers"][0]["mean"]["auc"] == pytest.approx(expected("pysot"))
    assert "kept from an earlier run" in err
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.txt")} == boxes


def test_an_unknown_dialect_is_refused_before_anything_is_tracked(data, tmp_path, capsys):
    arguments = ["--dataset", "TNL2K", "--data-root", str(data), "--output", str(tmp_path / "out")]
    assert main([*arguments, "--dialect", "vots"], lambda _: NearBackend()) == 2
    assert "unknown dialect 'vots'; choose one of pysot, got10k" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_page_is_in_the_dialect_too(data, tmp_path, capsys):
    arguments = ["--dataset", "TNL2K", "--data-root", str(data), "--output", str(tmp_path / "out")]
    assert main([*arguments, "--baseline"], lambda _: NearBackend()) == 0
    folder = tmp_path / "out" / "TNL2K"
    assert "<p>Dialect <b>lasot</b>: first frame is the groundtruth" in (folder / "report.html").read_text("utf-8")
    assert "TNL2K, dialect lasot" in (folder / "tables.md").read_text("utf-8")
