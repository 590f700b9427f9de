"""The console command `drol-jax`: one program for each task, started only when it is named."""

import os
import subprocess
import sys

import pytest

import drol_jax
from drol_jax.__main__ import COMMANDS, main


def test_help_lists_every_command_in_a_line(capsys):
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out.splitlines()
    for name, command in COMMANDS.items():
        assert [line for line in shown if line.split() == [name, *command.about.split()]]


@pytest.mark.parametrize(
    "arguments", ["--help", "--version", "convert pysot --help", "weights get --help", "export onnx --help"]
)
def test_help_does_not_start_jax(arguments, tmp_path):
    (tmp_path / "jax.py").write_text("raise AssertionError")
    places = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    command = [sys.executable, "-m", "drol_jax", *arguments.split()]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": places}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_version_is_the_installed_one(capsys):
    from importlib.metadata import version

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"drol_jax {version('drol_jax')}\n"


def test_without_a_command_the_help_is_misuse(capsys):
    assert main([]) == 2
    assert "commands:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [(["evall"], "; the nearest is 'eval'"), (["Train"], "; the nearest is 'train'"), (["x"], "")],
)
def test_a_misspelt_command_is_told_the_nearest(typed, nearest, capsys):
    assert main(typed) == 2
    assert f"there is no command {typed[0]!r}{nearest}; choose one of bench, convert" in capsys.readouterr().err


def test_a_misspelt_converter_is_told_the_nearest():
    command = [sys.executable, "-m", "drol_jax", "convert", "siamask", "a.pth"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("error: there is no command 'siamask'; the nearest is 'siammask'; choose one of ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["bench", "eval", "train"])
def test_a_command_takes_the_arguments_of_its_program_and_gives_its_exit_code(name, capsys):
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert f"drol_jax.{name}" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main([name, "--no-such-option"])
    assert ended.value.code == 2


def test_every_public_name_is_there():
    optional = {"Got10kTracker"}  # needs got10k
    for name in set(drol_jax.__all__) - optional:
        assert getattr(drol_jax, name) is not None
    assert dir(drol_jax) == sorted([*drol_jax.__all__, "__version__"])
    assert drol_jax.datasets.load("Synth", only=["dusk_car"])
    with pytest.raises(AttributeError, match="has no attribute 'loud'"):
        drol_jax.loud  # noqa: B018
