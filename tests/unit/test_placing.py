"""Where units of work are done, as the command line says it."""

import importlib.util
import subprocess
import sys

import pytest

from drol_jax.errors import UserError
from drol_jax.eval.placing import EngineArguments, ray_options
from drol_jax.system.ray_workers import RayOptions, RayWorkers, bounds

pytest_plugins = ["fakes_eval"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"workers": 2}, "pass --engine ray"),
        ({"engine": "ray", "lanes": 2}, "give --workers 2"),
        ({"engine": "ray", "lanes": "auto"}, "give --workers N"),
    ],
)
def test_options_that_do_not_go_together_are_refused(arguments, told):
    with pytest.raises(UserError, match=told):
        ray_options(EngineArguments(**arguments))


def test_workers_are_as_many_as_asked_for_and_as_cores_by_default():
    assert ray_options(EngineArguments()) is None
    assert ray_options(EngineArguments(engine="ray", workers=3, gpus_per_worker=0.5, address="head:6379")) == (
        RayOptions(workers=3, gpus=0.5, address="head:6379")
    )
    by_default = ray_options(EngineArguments(engine="ray"))
    assert by_default is not None and by_default.workers >= 1


@pytest.mark.parametrize(("workers", "gpus", "told"), [(0, 0.0, "at least one"), (1, 1.5, "a fraction of one")])
def test_workers_that_cannot_be_are_refused(workers, gpus, told):
    with pytest.raises(UserError, match=told):
        RayWorkers(None, RayOptions(workers=workers, gpus=gpus))  # pyright: ignore[reportArgumentType]


def test_a_worker_takes_its_share_of_a_machine_and_no_more():
    assert bounds(0)["JAX_PLATFORMS"] == "cpu" and bounds(0)["PJRT_NPROC"] == "1"
    assert "JAX_PLATFORMS" not in bounds(0.5) and bounds(0.5)["XLA_PYTHON_CLIENT_MEM_FRACTION"] == "0.45"
    assert "XLA_PYTHON_CLIENT_MEM_FRACTION" not in bounds(1)


@pytest.mark.skipif(importlib.util.find_spec("ray") is not None, reason="ray is installed")
def test_without_the_extra_one_line_says_what_to_install(run):
    code, out, err = run("--engine", "ray")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1 and "pip install 'drol_jax[ray]'" in err


def test_an_evaluation_imports_neither_ray_nor_optuna():
    code = (
        "import sys, drol_jax.eval.cli, drol_jax.eval.ablate_cli; sys.exit(bool({'ray', 'optuna'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
