"""Two processes that train one network do what one does with the same batches."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from fakes_train import write_files

from drol_jax import checkpoint
from drol_jax.errors import UserError
from drol_jax.train.processes import Place, agreed, join, of_the_first

PROGRAM = Path(__file__).parents[1] / "support" / "fakes_train.py"


def start(folder: Path, number: int | None = None, port: int = 0, **environment: str) -> subprocess.Popen[str]:
    """A process of a run in a folder; the only one without a number."""
    command = [sys.executable, str(PROGRAM), "--config", str(folder / "training.yaml"), "--output", str(folder / "run")]
    if number is not None:
        place = ["--coordinator", f"127.0.0.1:{port}", "--processes", "2", "--process", str(number)]
        command += ["--distributed", *place]
    told = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "JAX_PLATFORMS": "cpu", **environment}
    return subprocess.Popen(command, env=told, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def both(folder: Path, **of_the_second: str) -> list[subprocess.Popen[str]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return [start(folder, 0, port), start(folder, 1, port, **of_the_second)]


def ended(processes: list[subprocess.Popen[str]], code: int = 0) -> list[str]:
    told = [process.communicate(timeout=280)[0] for process in processes]
    assert [process.returncode for process in processes] == [code] * len(processes), told
    return told


def log_of(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "run" / "log.jsonl").read_text().splitlines()]


@pytest.mark.deep
def test_two_processes_have_the_loss_curve_of_one_and_go_on_after_a_stop(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
        write_files(folder)
    ended([start(one)])
    told = ended(both(two, STOP_AT="3"), 130)  # one is asked to stop, both do
    assert "interrupted after step" in told[0] and "interrupted" not in told[1]
    done = len(log_of(two))
    assert 0 < done < 6
    ended(both(two))
    seen, wanted = log_of(two), log_of(one)
    assert [line["step"] for line in seen] == [line["step"] for line in wanted] == [1, 2, 3, 4, 5, 6]
    for name in ("loss", "gradient"):
        np.testing.assert_allclose([one[name] for one in seen], [one[name] for one in wanted], rtol=2e-5)
    loaded = [checkpoint.load(path, checkpoint.network(path)) for path in (one / "run/weights", two / "run/weights")]
    arrays = [np.concatenate([np.ravel(x) for x in jax.tree.leaves(weights.variables)]) for weights in loaded]
    np.testing.assert_allclose(arrays[1], arrays[0], rtol=1e-5, atol=1e-5)


def test_a_process_alone_agrees_with_itself():
    assert agreed([True, False]) == [True, False]
    assert of_the_first(7) == 7


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (Place(coordinator="127.0.0.1:1", count=2), "belong together"),
        (Place(coordinator="127.0.0.1:1", count=2, number=2), "give 0 to 1"),
    ],
)
def test_a_place_that_is_none_is_refused(place, told):
    with pytest.raises(UserError, match=told):
        join(place)
