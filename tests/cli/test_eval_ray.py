"""The same evaluation by Ray's workers: the same files, whatever dies."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from fakes_eval import FakeBackend, World
from test_eval_benchmark import files

from drol_jax.eval import cli
from drol_jax.system.ray_workers import STORE

pytest.importorskip("ray", reason="ray, the extra ray, is not installed")
pytest_plugins = ["fakes_eval"]
pytestmark = pytest.mark.deep


@dataclass
class Deadly(World):
    """Worlds in which opening a sequence ends a worker: always, or the first time."""

    folder: str = ""
    driver: int = 0
    always: str = ""
    once: str = ""

    def open(self, name):
        mark = Path(self.folder, name)
        if os.getpid() != self.driver and (name == self.always or (name == self.once and not mark.exists())):
            mark.touch()
            os._exit(1)
        return super().open(name)


class Made:
    """Makes backends; pickled."""

    def __init__(self, world):
        self.world = world

    def __call__(self, arguments):
        return FakeBackend(self.world)


@pytest.fixture(scope="module", autouse=True)
def cluster():
    """One for all tests: Ray takes its time to start."""
    import ray

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))  # workers import this file
        ray.init("local", num_cpus=2, include_dashboard=False, object_store_memory=STORE, log_to_driver=False)
        yield
        ray.shutdown()


@pytest.fixture
def by_ray(tmp_path, monkeypatch, capsys):
    """Runs the program on two workers of Ray's; gives exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def run(world, *arguments):
        asked = ["--no-report", "--engine", "ray", "--workers", "2", "--output", str(tmp_path / "ray"), *arguments]
        return cli.main(asked, Made(world), world.load), *capsys.readouterr()

    return run


def test_workers_that_die_change_no_file_and_a_poisonous_sequence_fails_alone(run, by_ray, tmp_path):
    run(output=tmp_path / "alone")
    world = Deadly(folder=str(tmp_path), driver=os.getpid(), once="beta", always="gamma")
    code, out, _ = by_ray(world)
    assert code == 1
    assert "FAILED gamma" in out and "its worker died, and 5 more tries did not help" in out
    alone = {name: content for name, content in files(tmp_path / "alone").items() if "gamma" not in name}
    assert files(tmp_path / "ray") == alone
    world.always = ""
    code, _, err = by_ray(world)
    assert code == 0 and err.count("kept from an earlier run") == 2
    assert files(tmp_path / "ray") == files(tmp_path / "alone")
    manifest = json.loads((tmp_path / "ray" / "Synth" / "drol_nano" / "manifest.json").read_text())
    assert all("host" in one for one in manifest["sequences"].values())


def test_what_a_worker_refuses_is_the_sequences_fault_and_repetitions_are_shared_out(run, by_ray, tmp_path, world):
    asked = ("--protocol", "got10k", "--repetitions", "4", "--sequences", "alpha,beta")
    world.broken = ("beta",)
    told = run(*asked, output=tmp_path / "alone")[1]
    code, out, err = by_ray(world, *asked)
    assert code == 1 and "frame 3 is cut short" in out and "frame 3 is cut short" in told
    assert err.count("[2/2]") == 1
    assert files(tmp_path / "ray") == files(tmp_path / "alone")
