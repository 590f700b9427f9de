"""A whole short training: the loss falls, several devices do what one does, the weights go to PySOT."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fakes_train import Squares, write_files

from drol_jax.convert.cli import main as convert
from drol_jax.train import loop
from drol_jax.train.cli import main

HERE = Path(__file__).parents[1] / "support"
STEPS, BATCH = 60, 8
FALLEN = 0.9
"""The loss that 60 steps reach: about 0.7 was seen, from about 3 at first."""

DEVICES = """
import sys, jax, numpy as np
from pathlib import Path
from fakes_train import Squares, write_files
from drol_jax.train.feed import ahead
from drol_jax.train.run import Run
from drol_jax.train.settings import load_train_settings
run = Run.of(load_train_settings(write_files(Path(sys.argv[1]))), Squares())
plan = run.plan(4)
step, state, losses = plan.step_function(backbone_learns=True), plan.begin(), []
with ahead(run.source, 0, 2, run.mesh, 4) as batches:
    for pairs in batches:
        assert len(pairs.search.sharding.device_set) == len(jax.devices())
        state, scalars = step(state, pairs)
        losses.append(float(scalars["loss"]))
print(len(jax.devices()), *losses)
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    home = tmp_path_factory.mktemp("whole")
    evaluation = {"seeds": [1000], "sequences": ["dusk_car"]}
    path = write_files(home, batch_size=BATCH, steps=STEPS, log_steps=20, checkpoint_minutes=60, evaluation=evaluation)
    output = home / "run"
    assert main(["--config", str(path), "--output", str(output)], source=Squares(BATCH)) == 0
    return output


def test_the_loss_falls(trained):
    losses = [
        line["loss"] for line in map(json.loads, (trained / "log.jsonl").read_text().splitlines()) if "loss" in line
    ]
    assert len(losses) == 3
    assert losses[-1] < FALLEN < losses[0]


def test_tracking_is_tried_at_the_end(trained):
    last = json.loads((trained / "log.jsonl").read_text().splitlines()[-1])
    assert last["step"] == STEPS
    assert 0 <= last["auc"] <= 1 and 0 <= last["precision"] <= 1
    card = json.loads((trained / "weights" / "card.json").read_text())
    assert [row["auc"] for row in card["training"]["tracking"]] == [last["auc"]]


@pytest.mark.deep
def test_a_run_that_is_ended_while_tracking_is_tried_tries_it_again(tmp_path, monkeypatch):
    class Evaluator:
        ended = False

        def __init__(self, *_):
            pass

        def scores(self, params):
            if not Evaluator.ended:
                Evaluator.ended = True
                raise KeyboardInterrupt
            return {"auc": 0.5, "precision": 0.6}

    monkeypatch.setattr(loop, "Evaluator", Evaluator)
    evaluation = {"seeds": [1000], "sequences": ["dusk_car"]}
    path = write_files(tmp_path, batch_size=4, steps=2, log_steps=1, checkpoint_minutes=60, evaluation=evaluation)
    command = ["--config", str(path), "--output", str(tmp_path / "run")]
    assert [main(command, source=Squares(4)) for _ in range(3)] == [130, 0, 0]
    lines = map(json.loads, (tmp_path / "run/log.jsonl").read_text().splitlines())
    assert [(line["step"], line["auc"]) for line in lines if "auc" in line] == [(2, 0.5)]


def test_trained_weights_go_to_pysot(trained, tmp_path):
    """Written as PyTorch has it and read back, they are the same network."""
    from drol_jax import checkpoint
    from drol_jax.settings import load_settings

    config = trained.parent / "little.yaml"
    model = load_settings(config).config.model
    theirs, network = str(tmp_path / "little.pth"), ["--config", str(config)]
    assert convert(["to-pysot", str(trained / "weights"), *network, "--output", theirs]) == 0
    assert convert(["pysot", theirs, *network, "--output", str(tmp_path / "back")]) == 0
    there, back = (checkpoint.load(place, model) for place in (trained / "weights", tmp_path / "back"))
    assert there.hash == back.hash


@pytest.mark.deep
def test_two_devices_do_what_one_does(tmp_path):
    losses = []
    for devices in (1, 2):
        folder = tmp_path / str(devices)
        folder.mkdir()
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(HERE), *sys.path]),
            "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices} --xla_backend_optimization_level=0",
        }
        command = [sys.executable, "-c", DEVICES, str(folder)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        count, *found = done.stdout.split()
        assert int(count) == devices
        losses.append([float(loss) for loss in found])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)
