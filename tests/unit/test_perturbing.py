"""Perturbed runs: what is disturbed, by how much, and what is told of their spread."""

import json

import numpy as np
import pytest

from drol_jax.datasets import Sequence
from drol_jax.eval.perturbing import perturbed
from drol_jax.report.columns import Column
from drol_jax.report.scores import TrackerScores
from drol_jax.report.unstable import unstable

pytest_plugins = ["fakes_eval"]
GREY = np.full((6, 8, 3), 128, np.uint8)
COLUMN = Column("auc", "AUC", "success AUC")


def sequence(frame=GREY, name="a"):
    return Sequence(name, (lambda: frame,) * 3, np.tile([2.0, 1, 3, 4], (3, 1)))


def test_a_start_box_moves_by_less_than_a_pixel_and_keeps_its_size():
    moved = np.stack([perturbed(sequence(), seed).first_box for seed in range(100)]) - sequence().first_box
    assert 0.4 < np.abs(moved[:, :2]).max() <= 0.5
    assert not moved[:, 2:].any()


def test_each_frame_has_noise_of_its_own_of_one_grey_level_that_stays_in_range():
    first, second, _ = (frame().astype(int) - 128 for frame in perturbed(sequence(), 0).frames)
    assert set(np.unique(first)) == {-1, 0, 1}
    assert (first != second).any()
    for value in (0, 255):
        (frame, *_) = perturbed(sequence(np.full_like(GREY, value)), 0).frames
        assert np.abs(frame().astype(int) - value).max() == 1


def test_the_seed_and_the_name_decide_everything():
    def told(*what):
        one = perturbed(*what)
        return one.first_box.tobytes() + one.frames[2]().tobytes()

    assert told(sequence(), 3) == told(sequence(), 3)
    assert len({told(sequence(), 3), told(sequence(), 4), told(sequence(name="b"), 3)}) == 3


def test_perturbed_runs_are_spread_over_seeds_the_baseline_too(run, world, tmp_path):
    code, out, _ = run("--baseline", "--perturb", "3")
    assert code == 0
    assert {(online, seed) for _, online, seed in world.done} == {(on, s) for on in (True, False) for s in range(3)}
    folder = tmp_path / "results" / "Synth"
    names = [f"drol_nano{kind}_perturbed_s{n}" for kind in ("", "_baseline") for n in range(3)]
    assert sorted(p.name for p in folder.iterdir() if p.is_dir()) == sorted(names)
    manifest = json.loads((folder / names[0] / "manifest.json").read_text())
    assert manifest["settings"]["perturbation"] == {"shift": 0.5, "noise": 1}
    drol, base = json.loads((folder / "summary.json").read_text())["trackers"]
    assert drol["sequences"]["alpha"]["auc_std"] > 0 and base["sequences"]["alpha"]["auc_std"] > 0
    assert "3 perturbed runs: start boxes shifted by up to 0.5 px" in out


def test_a_second_perturbed_run_tracks_nothing(run, world):
    _, first, _ = run("--perturb", "2")
    world.done.clear()
    assert run("--perturb", "2")[1] == first
    assert not world.done


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("--perturb", "1"), "two runs or more"), (("--perturb", "3", "--seeds", "2"), "drop --seeds")],
)
def test_a_single_perturbed_run_and_seeds_beside_are_refused(run, arguments, words):
    code, _, err = run(*arguments)
    assert code == 2 and words in err


def scores(name, **sequences):
    return TrackerScores(name, "", {}, {key: {"auc": value} for key, value in sequences.items()}, {})


def test_sequences_are_unstable_where_runs_deviate_by_more_than_a_twentieth():
    groups = {"net": [scores("net_s0", a=0.5, b=0.85, c=0.3), scores("net_s1", a=0.55, b=0.55, c=0.4)]}
    found = unstable(groups, [COLUMN], ("a", "b", "c"))
    assert [(one.sequence, one.lowest, one.highest) for one in found] == [("b", 0.55, 0.85), ("c", 0.3, 0.4)]
    assert not unstable({"net": groups["net"][:1]}, [COLUMN], ("a", "b", "c"))


def test_unstable_sequences_stand_in_the_terminal_the_summary_and_on_the_page(run, world, tmp_path):
    world.spread = 60
    code, out, _ = run("--perturb", "3", report=True)
    assert code == 0
    assert "unstable: deviates by over .050" in out
    folder = tmp_path / "results" / "Synth"
    named = {one["sequence"] for one in json.loads((folder / "summary.json").read_text())["unstable"]}
    assert named
    page = (folder / "report.html").read_text()
    assert "Unstable sequences" in page
