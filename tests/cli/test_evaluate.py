"""`drol_jax.evaluate`: from result files, or a tracker, to a benchmark's scores in one call."""

import doctest
import json
from pathlib import Path

import numpy as np
import pytest
from scripted import AWAY, Config, FakeTracker, Online, ScriptedRunner, sequence, truthful

import drol_jax
from drol_jax.datasets import SequenceEntry
from drol_jax.errors import UserError
from drol_jax.eval import evaluate as module
from drol_jax.results.files import write_boxes

OWN = [sequence(12, "ants"), sequence(16, "bolt")]
TRACKER = FakeTracker("mine", Config(Online(True)), {})


def scripted(script=truthful):
    """A maker of runners that follow a script."""
    return lambda _: ScriptedRunner(script)


def tracked(*, script=truthful, **more) -> drol_jax.BenchmarkResult:
    return drol_jax.evaluate(TRACKER, OWN, runner=scripted(script), **more)


def test_the_example_of_the_docstring_runs():
    found = doctest.testmod(module)
    assert found.attempted and not found.failed


def test_a_folder_of_result_files_is_scored(tmp_path):
    for one in OWN:
        write_boxes(tmp_path / f"{one.name}.txt", one.boxes)
    result = drol_jax.evaluate(tmp_path, OWN)
    (scores,) = result.trackers
    assert (result.dialect, result.covered) == ("pysot", ("ants", "bolt"))
    assert scores.mean["auc"] == pytest.approx(20 / 21)
    assert set(scores.sequences) == {"ants", "bolt"}
    assert len(scores.curves["success"]) == 21


def test_a_tracker_is_run_and_scored_as_its_files_are(tmp_path, capsys):
    result = tracked(output=tmp_path, script=lambda *at: truthful(*at) + np.array([2.0, 0, 0, 0]))
    again = drol_jax.evaluate(next(tmp_path.iterdir()) / "mine", OWN)
    assert result.trackers[0].mean == again.trackers[0].mean
    assert result.trackers[0].timings["ants"].frames == 12
    assert capsys.readouterr() == ("", "")


def test_entries_seeds_and_dialects_are_taken(tmp_path):
    entries = [SequenceEntry(one.name, lambda one=one: one) for one in OWN]
    result = drol_jax.evaluate(TRACKER, entries, runner=scripted(), seeds=2, dialect="lasot", sequences=["bolt"])
    (scores,) = result.trackers
    assert (result.dialect, result.sequences) == ("lasot", ("bolt",))
    assert (scores.seeds, len(scores.members)) == ((0, 1), 2)
    assert result.dialects["pysot"]["mine"]["auc"] == pytest.approx(20 / 21)


def test_results_and_report_are_written_where_asked_for(tmp_path):
    result = tracked(report=tmp_path / "report")
    assert {path.name for path in (tmp_path / "report").iterdir()} == {
        "report.html",
        "scores.csv",
        "scores.json",
        "tables.md",
        "tables.tex",
    }
    result.write(tmp_path)
    assert json.loads((tmp_path / "scores.json").read_text()) == result.to_dict()
    assert result.to_dict()["dialect"] == "pysot"


def test_a_sequence_that_fails_is_a_refusal_and_the_other_is_scored():
    def script(frame, start, name):
        return None if name.startswith("bolt") and frame == 5 else truthful(frame, start, name)

    result = tracked(script=script)
    assert result.covered == ("ants",)
    (refusal,) = result.refusals
    assert (refusal.tracker, refusal.sequence, refusal.seed) == ("mine", "bolt", 0)


def test_where_nothing_can_be_tracked_the_first_reason_is_raised():
    with pytest.raises(UserError, match="nothing could be tracked: ants: frame 1 is cut short"):
        tracked(script=lambda *_: None)


def test_another_protocol_runs_the_tracker_another_way():
    result = tracked(script=lambda frame, *rest: AWAY if frame == 4 else truthful(frame, *rest), protocol="restart",
                     repetitions=1)  # fmt: skip
    assert result.trackers[0].mean["lost"] == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"dialect": "vots"}, "unknown dialect 'vots'"),
        ({"seeds": 0}, "at least one seed"),
        ({"sequences": ["ant"]}, "unknown own sequence 'ant'"),
    ],
)
def test_misuse_is_a_user_error(arguments, words):
    with pytest.raises(UserError, match=words):
        tracked(**arguments)


def test_a_folder_without_results_is_a_user_error(tmp_path):
    with pytest.raises(UserError, match="holds no result file"):
        drol_jax.evaluate(tmp_path, OWN)
    with pytest.raises(UserError, match="unknown dataset 'OTB1000'"):
        drol_jax.evaluate(Path("nowhere"), "OTB1000")
