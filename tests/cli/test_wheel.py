"""The wheel, built and installed outside the clone: the command, the converters and all data are in it."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIST = """
from pathlib import Path
import drol_jax
from drol_jax.system.resources import data_path
print(Path(drol_jax.__file__).parent)
print(*(path.stem for path in data_path("configs").glob("*.yaml")))
print(*(path.parent.name for path in data_path("weights").glob("*/*.safetensors")))
print(*(path.name for path in data_path("eval").iterdir()))
"""

pytestmark = pytest.mark.slow


def outcome(command, folder, **environment):
    """Standard output of a program that must succeed, run in a folder without what this process has on its path."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([*map(str, command)], cwd=folder, env=kept | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    outcome([sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder], ROOT)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A folder outside the clone, and the programs of a fresh environment beside it.

    The environment has the dependencies of this one, as they are, but not the clone.
    """
    folder = tmp_path_factory.mktemp("outside")
    home = folder / "environment"
    outcome([sys.executable, "-m", "venv", "--without-pip", home], folder)
    programs = home / "bin"
    packages = outcome([programs / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], folder)
    # A folder named in a .pth file is searched, but its own .pth files, of which one leads to the clone, are not read.
    places = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (Path(packages.strip()) / "dependencies.pth").write_text("\n".join(sorted(places)) + "\n")
    pip = [sys.executable, "-m", "pip", "--python", programs / "python", "install", "--quiet", "--no-index"]
    outcome([*pip, "--no-deps", "--ignore-installed", "--no-warn-script-location", wheel], folder)
    return folder, programs


def tracked(folder, ends):
    """Files of the clone below a folder, by their paths below it."""
    return {path.relative_to(ROOT / folder).as_posix() for end in ends for path in (ROOT / folder).rglob(f"*{end}")}


def test_the_wheel_holds_the_package_its_data_and_its_types(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"drol_jax/{name}" for name in tracked("drol_jax", [".py", ".css", ".jinja"])} <= names
    assert {f"drol_jax/_data/configs/{name}" for name in tracked("configs", [".yaml"])} <= names
    assert {f"drol_jax/_data/eval/{name}" for name in tracked("eval", [".json"])} <= names
    assert {f"drol_jax/weights/{name}" for name in tracked("drol_jax/weights", [".json"])} <= names
    assert "drol_jax/py.typed" in names
    assert not [name for name in names if name.startswith("tests/") or "__pycache__" in name]


def test_the_command_runs(installed):
    folder, programs = installed
    assert "eval" in outcome([programs / "drol-jax", "--help"], folder)
    assert "--config" in outcome([programs / "drol-jax", "eval", "--help"], folder)
    assert "--check" in outcome([programs / "drol-jax", "convert", "pysot", "--help"], folder)


def test_configurations_weights_and_benchmarks_come_along(installed):
    folder, programs = installed
    package, configs, weights, benchmarks = outcome([programs / "python", "-c", LIST], folder).splitlines()
    assert Path(package).is_relative_to(folder)
    assert set(configs.split()) == {path.stem for path in (ROOT / "configs").glob("*.yaml")}
    assert set(weights.split()) == {path.parent.name for path in (ROOT / "drol_jax/weights").glob("*/*.safetensors")}
    assert set(benchmarks.split()) == {path.name for path in (ROOT / "eval").iterdir()}
