"""Programs whose disk is full, whose folder is read-only, whose reader has gone, that run twice, or are killed."""

import os
import random
import subprocess

import pytest
from programs import COMMANDS, DATA, begin, dataset, kill_after, run

pytestmark = pytest.mark.attack
TRIES = 20
LIMITS = [0, 1, 10, 50, 100, 200, 300, 500, 700, 1_000, 1_500, 2_000, 3_000, 5_000, 8_000, 12_000, 20_000, 30_000]
LIMITS += [50_000, 100_000]
SLOW = ("eval", "track")
"""They load a tracker, and are tried in fewer ways."""
TIMES = ("manifest.json", "summary.", "report.html", "tables.", "time")
"""Files that hold times."""


@pytest.fixture
def folder(tmp_path):
    return dataset(tmp_path)


def quiet(code, err):
    """A program ended as it should: with a code of its own, and with no traceback."""
    assert code in (0, 2, 141), err
    assert "Traceback" not in err and "Exception ignored" not in err, err


def files(folder):
    """What was written, but for what holds times."""
    some = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(TIMES))
    return {str(path.relative_to(folder)): path.read_bytes() for path in some if "time" not in path.name}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_ends_a_program_in_a_line_and_leaves_no_part_of_a_file(name, folder):
    assert len(LIMITS) == TRIES
    whole = None
    for limit in [*reversed(LIMITS[:: 4 if name in SLOW else 1])]:
        code, _, err = run(folder, *COMMANDS[name], limit=limit)
        quiet(code, err)
        if code == 0:
            whole = whole or files(folder)
        else:
            assert "File too large" in err or "too large" in err or "cannot" in err, err
        left = [path for path in folder.rglob("*") if path.name.startswith(".") or path.suffix == ".tmp"]
        assert not left, left
    if limit == 0 and name != "doctor":
        assert code, "nothing was written, and it says nothing of that"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_small_disk_ends_a_program_in_a_line(name, folder, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root and the right to mount")
    try:
        arguments = [f"disk/{one}" if one.startswith("out") else one for one in COMMANDS[name]]
        for _ in range(1 if name in SLOW else TRIES):
            code, _, err = run(folder, *arguments)
            quiet(code, err)
            assert code == 0 or "No space left" in err or "cannot" in err, err
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_folder_that_cannot_be_written_to_is_named(name, folder):
    if name == "doctor":
        pytest.skip("it writes nothing")
    if os.getuid() == 0:  # whom no permission stops: in /proc nothing can be made
        place = "/proc"
    else:
        (folder / "place").mkdir(mode=0o500)
        place = "place"
    arguments = [f"{place}/{one}" if one.startswith("out") else one for one in COMMANDS[name]]
    for _ in range(2 if name in SLOW else TRIES):
        code, _, err = run(folder, *arguments)
        assert code == 2 and err.splitlines()[-1].startswith("error: ") and place in err, err
        assert "Traceback" not in err


@pytest.mark.parametrize("lines", [0, 1])
@pytest.mark.parametrize("name", [*COMMANDS, "help"])
def test_a_reader_that_goes_ends_a_program_quietly(name, lines, folder):
    arguments = ("eval", "--help") if name == "help" else COMMANDS[name]
    for _ in range(2 if name in SLOW else TRIES // 2):
        program = begin(folder, *arguments)
        for _ in range(lines):
            program.stdout.readline()
        program.stdout.close()
        err = program.stderr.read()
        program.stderr.close()
        quiet(program.wait(timeout=300), err)


def test_two_runs_in_one_output_folder_leave_what_one_leaves(folder):
    arguments = ("eval", *DATA, "--no-report", "--config", "siamfc_alex_tiny")
    assert run(folder, *arguments, "--output", "alone")[0] == 0
    for number in range(TRIES):
        output = f"both{number}"
        both = [begin(folder, *arguments, "--output", output) for _ in range(2)]
        for program in both:
            _, err = program.communicate(timeout=300)
            assert program.returncode == 0, err
        assert files(folder / output) == files(folder / "alone")


LONG = {
    "eval": ("eval", *DATA, "--no-report", "--config", "siamfc_alex_tiny", "--output"),
    "render": ("eval", "render", "--first", "1", "--seeds", "1", "--every", "50", "--output"),
    "track": ("track", "data/road/img", "--box", "40,30,24,20", "--config", "siamfc_alex_tiny", "--output"),
}


@pytest.mark.parametrize("name", LONG)
def test_twenty_kills_and_the_same_command_again_leave_what_an_undisturbed_run_leaves(name, folder):
    rng = random.Random(0)
    assert run(folder, *LONG[name], "alone")[0] == 0
    met = 0
    for _ in range(TRIES):
        met += kill_after(begin(folder, *LONG[name], "killed"), rng.uniform(0.3, 6))
    code, _, err = run(folder, *LONG[name], "killed")
    assert code == 0, err
    assert files(folder / "killed") == files(folder / "alone")
    assert met
