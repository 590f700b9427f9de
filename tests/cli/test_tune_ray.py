"""The same search by Ray's workers: the same trials and scores as in one process."""

import json
import os
import sys

import pytest

from drol_jax.settings import load_settings, to_dict, without_online
from drol_jax.system.ray_workers import STORE
from drol_jax.tune.cli import main

pytest.importorskip("optuna", reason="optuna, the extra tune, is not installed")
pytest.importorskip("ray", reason="ray, the extra ray, is not installed")
pytestmark = pytest.mark.deep


@pytest.fixture(scope="module", autouse=True)
def cluster():
    import ray

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
        ray.init("local", num_cpus=2, include_dashboard=False, object_store_memory=STORE, log_to_driver=False)
        yield
        ray.shutdown()


def test_workers_try_the_settings_that_one_process_tries_and_score_them_alike(tmp_path, capsys):
    off = to_dict(without_online(load_settings("siamrpn_alex_tiny")))
    (tmp_path / "off.yaml").write_text(json.dumps(off))
    asked = [
        "--config",
        str(tmp_path / "off.yaml"),
        "--weights",
        "siamrpn_alex_tiny",
        "--space",
        "window_influence=0.2,0.5",
        "size_lr=0.2,0.4",
    ]
    asked += ["--sequences", "dusk_car,school_fish", "--held-out", "reef_fish"]

    def found(name, *where):
        assert main([*asked, "--output", str(tmp_path / name), *where]) == 0, capsys.readouterr().err
        return json.loads((tmp_path / name / "tune.json").read_text())

    alone, by_ray = found("alone", "--lanes", "2"), found("ray", "--engine", "ray", "--workers", "2")
    settings = [[one["params"] for one in search["trials"]] for search in (alone, by_ray)]
    assert settings[0] == settings[1] and len(settings[0]) == 4
    for one, other in zip(alone["trials"], by_ray["trials"], strict=True):
        # A worker computes in one thread, this process in several: they round otherwise.
        assert other["scores"] == pytest.approx(one["scores"], abs=2e-3)
