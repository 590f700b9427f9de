"""Programs whose disk is full, whose folder is read-only, whose reader has gone, or that run twice."""

import os
import subprocess
import sys
from pathlib import Path

import programs
import pytest
from attacked import PRINTING, WRITING
from in_place import run_here
from programs import BOX, DATA, begin, contents, dataset, run

pytestmark = pytest.mark.attack
TRIES = 20
LIMITS = [0, 1, 10, 50, 100, 200, 300, 500, 700, 1_000, 1_500, 2_000, 3_000, 5_000, 8_000, 12_000, 20_000, 30_000]
LIMITS += [50_000, 100_000]
SLOW = {"export": 10}
"""Commands that trace and compile for long in every run, by the share of the tries that they get."""
FAILED = 1, 2
"""Exit codes of a program that could not write: of eval, some sequences; of others, all."""


@pytest.fixture
def folder(tmp_path):
    return dataset(tmp_path)


def started(folder, command, place, **options):
    """A command run with `place` to write to: ended with a code of its own, and without a traceback."""
    if command is WRITING["tune"]:
        pytest.importorskip("optuna", reason="optuna, the extra tune, is not installed")
    os.chdir(folder)
    code, out, err = run_here(folder, command(place), **options)
    assert code in (0, *FAILED, 141), err
    assert "Traceback" not in err and "Exception ignored" not in err, err
    return code, out, err


@pytest.mark.parametrize("name", WRITING)
def test_a_full_disk_ends_a_program_in_a_line_and_leaves_no_part_of_a_file(name, folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert len(LIMITS) == TRIES
    (folder / "whole").mkdir()
    assert started(folder, WRITING[name], folder / "whole")[0] == (1 if name == "bench" else 0)
    for limit in LIMITS[:: SLOW.get(name, 1)]:
        place = folder / f"try{limit}"
        place.mkdir()
        code, _, err = started(folder, WRITING[name], place, limit=limit)
        if limit == 0:
            assert code in FAILED, "nothing was written, and it says nothing of that"
        if code in FAILED and name != "bench":
            assert "File too large" in err or "cannot" in err, err
        hidden = [path for path in place.rglob("*") if path.name.startswith(".") or path.suffix == ".tmp"]
        left = [path for path in hidden if path.suffix != ".kept"]  # from which `track` goes on
        assert not left, left


def held(folder):
    """Files below a folder that this process has open."""
    open_ones = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
    return [where for path in open_ones if os.path.lexists(path) and str(folder) in (where := os.readlink(path))]


@pytest.mark.parametrize("name", WRITING)
def test_a_small_disk_ends_a_program_in_a_line(name, folder, monkeypatch):
    monkeypatch.chdir(folder)
    disk = folder / "disk"
    disk.mkdir()
    for pages in range(0, TRIES, SLOW.get(name, 1)):
        size = f"size={4 * (pages + 2)}k"
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "none", disk], capture_output=True)
        if mounted.returncode:
            pytest.skip("mounting a small disk needs root and the right to mount")
        try:
            code, _, err = started(folder, WRITING[name], disk)
            assert code == 0 or "No space left" in err or "cannot" in err or name == "bench", err
            assert not held(disk), "a deleted file that is kept open takes its place on the disk"
        finally:
            os.sync()
            subprocess.run(["umount", "--lazy", disk], check=True)


@pytest.mark.parametrize("name", WRITING)
def test_a_folder_that_cannot_be_written_to_is_named(name, folder, monkeypatch):
    monkeypatch.chdir(folder)
    if os.getuid() == 0:  # whom no permission stops: in /proc nothing can be made
        place = "/proc"
    else:
        (folder / "place").mkdir(mode=0o500)
        place = "place"
    for _ in range(TRIES):
        code, _, err = started(folder, WRITING[name], place)
        assert code == 2 and err.splitlines()[-1].startswith("error: ") and place in err, err


@pytest.mark.parametrize("lines", [0, 1])
@pytest.mark.parametrize("name", [*WRITING, *PRINTING])
def test_a_reader_that_goes_ends_a_program_quietly(name, lines, folder, monkeypatch):
    monkeypatch.chdir(folder)
    for number in range(0, TRIES // 2, SLOW.get(name, 1)):
        place = folder / f"try{number}"
        place.mkdir()
        code, _, _ = started(folder, (WRITING | PRINTING)[name], place, lines=lines)
        assert code in (0, 141, 1 if name == "bench" else 0)


def test_two_runs_in_one_output_folder_leave_what_one_leaves(folder):
    arguments = ("eval", *DATA, "--no-report", "--config", "siamfc_alex_tiny")
    assert run(folder, *arguments, "--output", "alone")[0] == 0
    both = [begin(folder, *arguments, "--output", "both") for _ in range(2)]
    for program in both:
        _, err = program.communicate(timeout=300)
        assert program.returncode == 0, err
    assert contents(folder / "both") == contents(folder / "alone")


def test_two_runs_at_once_with_a_quick_tracker_leave_what_one_leaves(tmp_path):
    arguments = ["--dataset", "OTB100", "--no-report", "--seeds", "3"]
    command = [
        sys.executable,
        str(Path(programs.__file__).parent / "together.py"),
        str(tmp_path),
        str(TRIES),
        *arguments,
    ]
    subprocess.run(command, env={**os.environ, "PYTHONPATH": str(programs.ROOT)}, check=True, timeout=600)
    wanted = contents(tmp_path / "alone")
    assert len(wanted) > 9
    for number in range(TRIES):
        assert contents(tmp_path / f"both{number}") == wanted


def test_two_runs_of_track_at_once_leave_what_one_leaves(folder):
    arguments = ("track", "data/road/img", "--box", BOX, "--no-online", "--config", "siamfc_alex_tiny", "--output")
    assert run(folder, *arguments, "alone")[0] == 0
    wanted = contents(folder / "alone")
    for number in range(TRIES):
        both = [begin(folder, *arguments, f"both{number}") for _ in range(2)]
        told = [program.communicate(timeout=300)[1] for program in both]
        codes = sorted(program.returncode for program in both)
        assert codes == [0, 2], told
        (refused,) = [text for text in told if text.startswith("error: ")]
        assert "another process is writing" in refused or "is there already" in refused
        assert contents(folder / f"both{number}") == wanted
