"""The command line of drol_jax.eval: misuse, help, defaults."""

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from drol_jax import datasets
from drol_jax.eval import cli

pytest_plugins = ["fakes_eval"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--config", "unheard_of"], "unknown configuration 'unheard_of'"),
        (["--sequences", "delta"], "unknown Synth sequence 'delta'"),
        (["--sequences", ","], "names no sequence"),
        (["--seeds", "0"], "at least one seed"),
    ],
)
def test_misuse_is_one_line_and_exit_code_2(run, arguments, words):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert len(err.splitlines()) == 1
    assert words in err


def test_a_baseline_of_a_tracker_without_subnet_is_misuse(run, world):
    world.online = False
    code, _, err = run("--baseline")
    assert code == 2
    assert "has no online subnet to switch off; drop --baseline" in err


def test_an_output_folder_that_cannot_be_written_is_misuse(run, tmp_path):
    (tmp_path / "results").write_text("a file")
    code, _, err = run()
    assert code == 2
    assert f"cannot write to {tmp_path / 'results' / 'Synth' / 'drol_nano'}" in err


def test_a_cache_folder_and_no_cache_exclude_each_other(tmp_path, world, capsys):
    assert cli.main(["--cache-dir", str(tmp_path), "--no-cache"]) == 2
    assert "exclude each other" in capsys.readouterr().err


def test_a_cache_folder_that_cannot_be_made_is_misuse(tmp_path, world, capsys):
    (tmp_path / "file").write_text("")
    assert cli.main(["--cache-dir", str(tmp_path / "file" / "cache")]) == 2
    assert "cannot make the cache folder" in capsys.readouterr().err


def test_the_backend_is_told_once_when_all_is_tracked(run, world):
    assert run()[0] == 0
    assert world.finished_after == [len(world.done)] == [3]
    assert run()[0] == 0  # nothing is left to track
    assert world.finished_after == [3, 3]


def test_the_data_root_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("DROL_JAX_DATA", "/somewhere")
    assert cli.Arguments().data_root == Path("/somewhere")
    monkeypatch.delenv("DROL_JAX_DATA")
    assert cli.Arguments().data_root == Path("data")


def program(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "drol_jax.eval", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | environment, timeout=120)


def test_help_lists_every_argument():
    shown = program("--help", COLUMNS="100")
    assert shown.returncode == 0
    for argument in fields(cli.Arguments):
        assert f"--{argument.name.replace('_', '-')}" in shown.stdout


def test_help_names_the_commands_and_every_dataset():
    shown = program("--help", COLUMNS="100").stdout
    assert "python -m drol_jax.eval doctor: " in shown
    for name in datasets.DATASETS:
        assert name in shown


@pytest.mark.parametrize(
    ("typed", "meant"), [("scor", "; the nearest is 'score'"), ("doctors", "; the nearest is 'doctor'"), ("OTB100", "")]
)
def test_a_first_argument_that_names_no_command_is_told_the_nearest_and_all(capsys, typed, meant):
    assert cli.main([typed, "--dataset", "OTB100"]) == 2
    everything = "ablate, calibrate, doctor, film, pack, render, score, trax"
    assert capsys.readouterr().err == (
        f"error: there is no command {typed!r}{meant}; choose one of {everything}, or begin with an option\n"
    )


@pytest.mark.parametrize(
    ("typed", "choices"),
    [
        (["--fidelity", "Exact"], "('published', 'exact')"),
        (["--precision", "fp16"], "('float32', 'tf32', 'bfloat16')"),
        (["--precision", "None"], "('float32', 'tf32', 'bfloat16')"),
        (["--protocol", "vot"], "('ope', 'got10k', 'longterm', 'restart', 'multistart', 'r-ope')"),
    ],
)
@pytest.mark.parametrize("command", [[], ["ablate"]])
def test_what_may_be_chosen_is_told_in_order_and_without_none(capsys, command, typed, choices):
    with pytest.raises(SystemExit, match="2"):
        cli.main([*command, *typed])
    told = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert f"Expected one of {choices}." in told


def test_an_unknown_dataset_is_misuse(run):
    code, _, err = run("--dataset", "OTB1000")
    assert code == 2
    assert "unknown dataset 'OTB1000'" in err


def test_an_unknown_argument_is_exit_code_2_without_traceback():
    shown = program("--sedes", "3")
    assert shown.returncode == 2
    assert "--seeds" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_the_version_is_printed():
    shown = program("--version")
    assert shown.returncode == 0
    assert shown.stdout.startswith("drol_jax ")


def test_arguments_are_read_without_starting_jax():
    code = "import sys; from drol_jax.eval import cli; sys.exit(bool({'jax', 'scipy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0
