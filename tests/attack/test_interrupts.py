"""Ctrl-C and SIGTERM at moments all over the work of every command: one word, its exit code, no half file."""

import json
import signal
import time
import zipfile

import pytest
from attacked import PRINTING, WRITING
from in_place import interrupted, run_here
from programs import dataset

from drol_jax.results.manifest import CLAIMS

pytestmark = pytest.mark.attack
TRIES = 20
SLOW = {"export": 10}
"""Commands that trace and compile for long in every run, by the share of the tries that they get."""
COMMANDS = WRITING | PRINTING


def whole(path):
    """Whether a file is one that a reader takes."""
    if path.suffix == ".json":
        json.loads(path.read_text())
    return path.suffix != ".zip" or zipfile.ZipFile(path).testzip() is None


def timed(main):
    """A program's `main`, and a list that its seconds come to."""
    lasts = []

    def run(argv):
        began = time.monotonic()
        try:
            return main(argv)
        finally:  # --help ends a program by an exception
            lasts.insert(0, time.monotonic() - began)

    return run, lasts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
@pytest.mark.parametrize("name", COMMANDS)
def test_at_moments_all_over_the_work(name, number, tmp_path, monkeypatch):
    if name == "tune":
        pytest.importorskip("optuna", reason="optuna, the extra tune, is not installed")
    folder = dataset(tmp_path)
    monkeypatch.chdir(folder)
    for run in ("first", "second"):  # of which the second compiles nothing
        (folder / run).mkdir()
        main, lasts = timed(COMMANDS[name](folder / run))
        code, _, err = run_here(folder, main)
        assert code == (1 if name == "bench" else 0), err
    met = 0
    for moment in range(0, TRIES, SLOW.get(name, 1)):
        place = folder / f"try{moment}"
        place.mkdir()
        main = interrupted(COMMANDS[name](place), number, lasts[0] * (moment + 0.5) / TRIES)
        code, _, err = run_here(folder, main)
        met += code == 128 + number
        assert code in (128 + number, 1 if name == "bench" else 0), err
        assert "Traceback" not in err and "Exception ignored" not in err, err
        assert code == 0 or name == "bench" or err.splitlines()[-1].startswith("interrupted"), err
        # From what is .kept `track` goes on; a claim that was cut short is the next run's.
        left = [path for path in place.rglob(".*") if path.suffix != ".kept" and path.name != CLAIMS]
        assert not left, left
        assert all(map(whole, place.rglob("*.*")))
    # `train` finishes the step that it is at, which is its only one here.
    assert met or lasts[0] < 0.1 or name == "train"
