"""The first line says what was measured, and nothing that was not; the help, what will be."""

import pytest

from drol_jax.bench import measuring
from drol_jax.bench.cli import main

pytest_plugins = ["bench_runs"]

ROW = {"config": "stand_in", "precision": None, "parts": {"": {}}}


@pytest.mark.parametrize(
    ("arguments", "lanes"), [([], None), (["--only", "lanes"], (1, 8)), (["--lanes", "2"], (2,))], ids=str
)
def test_many_targets_are_followed_only_where_asked_for(bench, monkeypatch, arguments, lanes):
    plans = []
    monkeypatch.setattr(measuring, "run", lambda plan, tell: plans.append(plan) or [ROW])
    assert bench(*arguments)[0] == 0
    assert (plans[0].lanes if "lanes" in plans[0].parts else None) == lanes


def test_the_help_says_so(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    words = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "Default: no more than one target, but 1,8 with --only lanes; 8 sequences." in words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--quick"], "8 frames of 320x240, 1 repetitions, all cores"),
        (["--only", "memory"], "30 frames of 320x240, all cores"),
        (["--workload", "otb100"], "a workload like otb100, all cores"),
        (["--only", "workload", "--workload-scale", "0.25"], "0.25 of a workload like otb100, all cores"),
        (["--scores", "Synth", "--repeat", "2"], "Synth, 2 repetitions, all cores"),
        (["--workload", "otb100", "--only", "loop"], "30 frames of 320x240, a workload like otb100, 3 repetitions"),
    ],
)
def test_the_first_line_is_true(bench, monkeypatch, arguments, words):
    monkeypatch.setattr(measuring, "run", lambda plan, tell: [ROW])
    code, out, _ = bench(*arguments)
    assert code == 0
    assert out.splitlines()[0].startswith(words)
