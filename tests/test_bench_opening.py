"""The first line says what was measured, and nothing that was not."""

import pytest

from drol_jax.bench import measuring

pytest_plugins = ["bench_runs"]


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
    monkeypatch.setattr(measuring, "run", lambda plan, tell: [{"config": "x", "precision": None, "parts": {"": {}}}])
    code, out, _ = bench(*arguments)
    assert code == 0
    assert out.splitlines()[0].startswith(words)
