"""Ctrl-C and SIGTERM end every program with one word and its exit code, at whatever moment they come.

Where the same command goes on with what was begun, a program says so behind the word.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import programs
import pytest
import small_tracker

ROOT = Path(__file__).parents[2]
EXITS = {signal.SIGINT: 130, signal.SIGTERM: 143}
COMMANDS = {
    "eval": ["eval"],
    "doctor": ["eval", "doctor", "--dataset", "Synth"],
    "score": ["eval", "score", "--results", "."],
    "pack": ["eval", "pack", "--results", ".", "--dataset", "GOT-10k"],
    "film": ["eval", "film", "--results", "."],
    "track": ["track", "none.mp4", "--box", "1,2,3,4"],
    "train": ["train", "--config", "siamfc_alex_tiny"],
    "convert": ["convert", "pysot", "none.pth", "--config", "siamrpn_alex_tiny", "--output", "out"],
    "bench": ["bench", "--quick"],
    "studio": ["studio", "none.mp4"],
    "tune": ["tune"],
    "export": ["export", "stablehlo"],
    "weights": ["weights", "list"],
    "cvat": ["cvat", "none.jsonl"],
}


def ended(folder, command, number):
    """Exit code, standard error and what is left, of a program whose numpy sends it a signal as it is imported."""
    (folder / "hook").mkdir()
    (folder / "hook" / "numpy.py").write_text(f"import os, time\nos.kill(os.getpid(), {int(number)})\ntime.sleep(30)\n")
    (folder / "work").mkdir()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder / "hook"), str(ROOT)])}
    done = subprocess.run(command, cwd=folder / "work", env=environment, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr, [path.name for path in (folder / "work").iterdir()]


@pytest.mark.parametrize("number", EXITS, ids=["Ctrl-C", "SIGTERM"])
@pytest.mark.parametrize("name", ["eval", "train", "track"])
def test_while_a_program_is_imported(name, number, tmp_path):
    command = [sys.executable, "-m", "drol_jax", *COMMANDS[name]]
    assert ended(tmp_path, command, number) == (EXITS[number], "interrupted\n", [])


@pytest.mark.parametrize(("name", "number"), [("eval", signal.SIGINT), ("train", signal.SIGTERM)])
def test_while_a_module_is_run_as_a_program(name, number, tmp_path):
    assert ended(tmp_path, [sys.executable, "-m", f"drol_jax.{name}"], number) == (EXITS[number], "interrupted\n", [])


@pytest.mark.parametrize("number", EXITS, ids=["Ctrl-C", "SIGTERM"])
@pytest.mark.parametrize(
    "work", ["import time; time.sleep(30)", "try: time.sleep(30)\n    except BaseException: raise OSError"]
)
def test_while_a_program_works_even_where_a_library_takes_it_for_an_error(work, number, tmp_path):
    send = f"import os, threading, time; threading.Timer(0.1, os.kill, (os.getpid(), {int(number)})).start()"
    (tmp_path / "slow.py").write_text(f"def main(argv):\n    {send}\n    {work}\n")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    command = [sys.executable, "-c", "from drol_jax.system.interrupts import start; start('slow', [])"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (EXITS[number], "interrupted\n")


STOPPED = """
import itertools, sys
from drol_jax.system.arguments import parse
from drol_jax.system.program import guarded
from drol_jax.tracking.cli import PROGRAM, Arguments
from drol_jax.tracking.program import track_all

def clock(readings=itertools.count()):
    if next(readings) == 3:
        raise KeyboardInterrupt
    return 0.0

sys.exit(guarded(lambda: track_all(parse(Arguments, sys.argv[1:], PROGRAM), clock)))
"""
"""`drol-jax track`, to which Ctrl-C comes after its third frame."""


def test_track_says_behind_the_word_that_the_same_command_goes_on_and_it_does(tmp_path):
    (tmp_path / "film").mkdir()
    for t in range(5):
        cv2.imwrite(str(tmp_path / "film" / f"{t}.png"), small_tracker.picture(t))
    asked = ["film", "--box", "40,30,24,20", "--config", "siamfc_alex_tiny", "--no-online", "--save", "csv", "--quiet"]
    code, out, err = programs.ended(programs.started(tmp_path, [sys.executable, "-c", STOPPED, *asked]))
    assert (code, out, err) == (130, "", "interrupted; the same command goes on from there\n")
    code, _, err = programs.run(tmp_path, "track", *asked)
    assert (code, err.splitlines()[0]) == (0, "going on after frame 2"), err


def wait_until_it_hears(program):
    """Until our code runs: signals that come while Python itself starts are Python's own matter."""
    heard, status = 1 << (signal.SIGTERM - 1), Path(f"/proc/{program.pid}/status")
    while program.poll() is None:
        (caught,) = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("SigCgt")]
        if int(caught, 16) & heard:
            return
        time.sleep(0.005)


@pytest.mark.attack
@pytest.mark.parametrize("number", EXITS, ids=["Ctrl-C", "SIGTERM"])
@pytest.mark.parametrize("name", COMMANDS)
def test_at_twenty_moments(name, number, tmp_path):
    for moment in range(20):
        command = [sys.executable, "-m", "drol_jax", *COMMANDS[name]]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        program = subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        wait_until_it_hears(program)
        time.sleep(moment * 0.12)
        program.send_signal(number)
        _, told = program.communicate(timeout=120)
        assert program.returncode in (EXITS[number], 0, 1, 2), (moment, told)
        assert "Traceback" not in told, (moment, told)
