"""The training program as a user runs it: what it leaves, how it goes on, what it refuses."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from chex import assert_trees_all_equal
from fakes_train import Squares, Trouble, write_files

from drol_jax import checkpoint
from drol_jax.api import load
from drol_jax.results.environments import FILE
from drol_jax.results.manifest import CLAIMS
from drol_jax.system.claims import claim
from drol_jax.train.cli import main
from drol_jax.train.run import Run
from drol_jax.train.settings import load_train_settings

HERE = Path(__file__).parents[1] / "support"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("training")


@pytest.fixture(scope="module")
def training(home):
    return write_files(home)


def arguments(home, output, *more, training="training.yaml"):
    # Every program is compiled once for all tests.
    return ["--config", str(home / training), "--output", str(output), "--cache-dir", str(home / "cache"), *more]


def program(home, output, *more, **environment):
    """The program in a process of its own, which has the pairs that the environment asks for."""
    command = [sys.executable, str(HERE / "fakes_train.py"), *arguments(home, output, *more)]
    inherited = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(command, env={**inherited, **environment}, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def whole(home, training):
    """The folder of an undisturbed run."""
    output = home / "whole"
    assert main(arguments(home, output), source=Squares()) == 0
    return output


def numbers(output):
    return checkpoint.load(output / "weights", load_model(output)).hash


def load_model(output):
    from drol_jax.settings import load_settings

    return load_settings(output.parent / "little.yaml").config.model


def lines(output):
    """The log, but for times."""
    found = [json.loads(line) for line in (output / "log.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k not in ("seconds", "pairs_per_second")} for line in found]


def refused(capsys, *call, **options):
    assert main(*call, **options) == 2
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert message.startswith("error: ")
    return message


def test_a_run_leaves_weights_that_load_curves_and_a_log(whole, home):
    tracker = load(home / "little.yaml", whole / "weights")
    card = json.loads((whole / "weights" / "card.json").read_text())["training"]
    assert tracker.weights_hash == numbers(whole)
    assert card["steps"] == 6
    assert card["pairs"] == 24
    assert card["settings"]["seed"] == 3
    assert card["command"].startswith("python -m drol_jax.train --config ")
    assert card["final"]["step"] == 6
    assert {"seconds", "environment", "initial_weights"} <= set(card)
    assert (whole / "curves.png").read_bytes()[:4] == b"\x89PNG"
    log = lines(whole)
    assert [line["step"] for line in log] == [1, 2, 3, 4, 5, 6]
    assert {"loss", "cls", "loc", "overlap", "gradient", "rate"} <= set(log[0])
    assert sorted(path.name for path in (whole / "checkpoints").iterdir()) == ["5", "6"]


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(whole, home, training):
    again, other = home / "again", home / "other"
    assert main(arguments(home, again), source=Squares()) == 0
    assert main(arguments(home, other, "--seed", "4"), source=Squares()) == 0
    assert numbers(again) == numbers(whole) != numbers(other)
    assert lines(again) == lines(whole) != lines(other)


@pytest.mark.deep
def test_a_killed_run_goes_on_as_if_it_had_not_been(whole, home, training):
    output = home / "killed"
    # Killed while a later batch is made ahead, once a checkpoint is there.
    died = program(home, output, KILL_AT="5", WAITS_FOR=str(output / "checkpoints" / "3"))
    assert died.returncode == -signal.SIGKILL
    assert not (output / "weights").exists()
    finished = program(home, output)
    assert finished.returncode == 0, finished.stderr
    assert "going on after step" in finished.stderr
    assert numbers(output) == numbers(whole)
    assert lines(output) == lines(whole)


def test_ctrl_c_keeps_the_state_and_says_how_to_go_on(whole, home, training, capsys):
    output = home / "stopped"
    source = Trouble(Squares(), "stop", 4)
    assert main(arguments(home, output), source=source) == 130
    message = capsys.readouterr().err
    assert "interrupted after step" in message
    assert f"to go on: python -m drol_jax.train --config {home / 'training.yaml'}" in message
    assert main(arguments(home, output), source=Squares()) == 0
    assert numbers(output) == numbers(whole)


def test_a_finished_run_is_not_trained_again(whole, home, training):
    before = lines(whole), numbers(whole)
    assert main(arguments(home, whole), source=Trouble(Squares(), "nan", 0)) == 0
    assert (lines(whole), numbers(whole)) == before


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_last_good_checkpoint(home, training, capsys):
    output = home / "unsound"
    message = refused(capsys, arguments(home, output), source=Trouble(Squares(), "nan", 3))
    assert "the loss of step 4 is not finite; the checkpoint of step 3 is kept" in message
    assert "optimiser.rate" in message
    assert sorted(path.name for path in (output / "checkpoints").iterdir()) == ["2", "3"]


@pytest.mark.deep
def test_a_full_disk_leaves_the_checkpoint_before(whole, home, training):
    output = home / "full"
    assert program(home, output, STOP_AT="3").returncode == 130
    before = {path: path.read_bytes() for path in (output / "checkpoints").rglob("*") if path.is_file()}

    failed = program(home, output, LARGEST_FILE="16384")
    message = failed.stderr.strip().splitlines()[-1]
    assert failed.returncode == 2, failed.stderr
    assert message.startswith("error: cannot write a checkpoint")
    assert "is intact" in message
    assert {path: path.read_bytes() for path in before} == before
    assert main(arguments(home, output), source=Squares()) == 0
    assert numbers(output) == numbers(whole)


def test_a_folder_of_another_run_is_refused_by_name(whole, home, training, capsys):
    message = refused(capsys, arguments(home, whole, "--seed", "9"), source=Squares())
    assert f"{whole} holds a run of other settings (training.seed is 3 there, 9 here);" in message
    message = refused(capsys, arguments(home, whole, "--steps", "7"), source=Squares())
    assert "(steps is 6 there, 7 here)" in message
    assert "holds a run already" in refused(capsys, arguments(home, whole, "--resume", "never"), source=Squares())
    missing = home / "missing"
    assert "no run to go on" in refused(capsys, arguments(home, missing, "--resume", "always"), source=Squares())
    assert "is no run of training" in refused(capsys, arguments(home, home), source=Squares())
    assert not missing.exists()


def test_a_run_that_was_killed_before_it_began_is_begun(home, training):
    output = home / "unbegun"
    output.mkdir()
    (output / ".run.json.999999.tmp").write_text("{")
    assert main(arguments(home, output), source=Squares()) == 0
    assert not list(output.glob(".*"))


def test_a_folder_is_trained_in_by_one_process_at_a_time(home, training, capsys):
    output = home / "held"
    output.mkdir()
    with claim(output / CLAIMS / "train"):
        message = refused(capsys, arguments(home, output), source=Squares())
    assert f"another process trains in {output}; wait until it has ended" in message
    assert main(arguments(home, output), source=Squares()) == 0
    assert not list(output.glob(".*"))


def test_a_run_that_goes_on_under_other_versions_is_told(home, training, capsys):
    output = home / "older"
    assert main(arguments(home, output), source=Trouble(Squares(), "stop", 4)) == 130
    assert "note:" not in capsys.readouterr().err
    path = output / FILE
    path.write_text(path.read_text().replace(f'"numpy": "{np.__version__}"', '"numpy": "2.0"'))
    assert main(arguments(home, output), source=Squares()) == 0
    assert f"note: numpy 2.0 there, {np.__version__} here: the steps so far" in capsys.readouterr().err


def test_misuse_is_one_line(home, training, capsys, tmp_path):
    unwritten = tmp_path / "run"

    def asked(*more):
        return refused(capsys, arguments(home, unwritten, *more), source=Squares())

    assert "exclude each other" in asked("--steps", "3", "--budget", "1h")
    assert "'soon' is no span of time" in asked("--budget", "soon")
    assert "steps is 0, wanted a positive number" in asked("--steps", "0")
    assert "no weights at nowhere" in asked("--init", "nowhere")
    assert "no training file 'nothing'" in refused(capsys, ["--config", "nothing"])
    assert not unwritten.exists()


def test_training_begins_with_given_weights(whole, home, training):
    output = home / "tuned"
    assert main(arguments(home, output, "--init", str(whole / "weights")), source=Squares()) == 0
    record = json.loads((output / "run.json").read_text())
    assert record["initial_weights"] == numbers(whole) != numbers(output)


def test_training_begins_with_the_backbone_of_another_kind_of_tracker(whole, home, training, capsys):
    tracker = json.loads((home / "little.yaml").read_text())
    tracker["model"] = {"backbone": "alexnet", "head": "siamfc", "width": 0.05}
    (home / "fc.yaml").write_text(json.dumps(tracker))
    (home / "fc_training.yaml").write_text(
        json.dumps({**json.loads(training.read_text()), "config": str(home / "fc.yaml")})
    )

    def begun(*more):
        settings = replace(load_train_settings(home / "fc_training.yaml"), **dict(more))
        return Run.of(settings, Squares()).variables

    given = checkpoint.load(whole / "weights", load_model(whole)).variables
    fresh, taken = begun(), begun(("initial_backbone", str(whole / "weights")))
    for kind in ("params", "batch_stats"):
        assert_trees_all_equal(taken[kind]["backbone"], given[kind]["backbone"])
    assert_trees_all_equal(taken["params"]["head"], fresh["params"]["head"])

    tracker["model"]["width"] = 0.1
    (home / "fc.yaml").write_text(json.dumps(tracker))
    wide = arguments(home, home / "wide", "--init-backbone", str(whole / "weights"), training="fc_training.yaml")
    assert "the backbone of" in (message := refused(capsys, wide, source=Squares()))
    assert "is another: misshapen" in message
    both = arguments(home, home / "wide", "--init", "siamrpn_alex_tiny", "--init-backbone", "siamrpn_alex_tiny")
    assert "exclude each other" in refused(capsys, both, source=Squares())


def test_a_budget_is_turned_into_steps_once(whole, home, training, capsys, monkeypatch):
    output = home / "budget"
    call = arguments(home, output, "--budget", "100s")
    with monkeypatch.context() as patched:
        patched.setattr("drol_jax.train.run._seconds_a_step", lambda plan, learns: 15.0)
        assert main(call, source=Squares()) == 0
    assert "15.00 s a step: 6 steps within 100s" in capsys.readouterr().err
    assert json.loads((output / "run.json").read_text())["steps"] == 6
    assert numbers(output) == numbers(whole)
    assert main(call, source=Squares()) == 0
    assert "within" not in capsys.readouterr().err
