"""The same evaluation by Ray's workers: the same files, whatever dies."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from fakes_eval import FakeBackend, World
from test_eval_benchmark import files

from drol_jax.errors import UserError
from drol_jax.eval import cli
from drol_jax.eval.recipes import EvalRecipe, engine_of

pytest.importorskip("ray", reason="ray, the extra ray, is not installed")
pytest_plugins = ["fakes_eval"]
pytestmark = pytest.mark.slow


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


def test_workers_that_die_change_no_file_and_a_poisonous_sequence_fails_alone(run, tmp_path, capsys):
    run(output=tmp_path / "alone")
    world = Deadly(folder=str(tmp_path), driver=os.getpid(), once="beta", always="gamma")
    arguments = ["--no-report", "--engine", "ray", "--workers", "2", "--output", str(tmp_path / "ray")]
    code = cli.main(arguments, Made(world), world.load)
    told = capsys.readouterr()
    assert code == 1
    assert "FAILED gamma" in told.out and "its worker died, 4 times in a row" in told.out
    alone = {name: content for name, content in files(tmp_path / "alone").items() if "gamma" not in name}
    assert files(tmp_path / "ray") == alone
    world.always = ""
    assert cli.main(arguments, Made(world), world.load) == 0
    assert files(tmp_path / "ray") == files(tmp_path / "alone")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"workers": 2}, "pass --engine ray"),
        ({"engine": "ray", "lanes": 2}, "give --workers"),
        ({"engine": "ray", "workers": 0}, "at least one"),
    ],
)
def test_options_that_do_not_go_together_are_refused(arguments, told):
    recipe = EvalRecipe(
        arguments=cli.Arguments(**arguments), runs=lambda backend: [], dataset="Synth", data_root=Path("data")
    )
    with pytest.raises(UserError, match=told):
        engine_of(recipe)
