"""Long commands that are killed at random moments: the same command again leaves what an undisturbed run leaves."""

import random
import sys
import time
from pathlib import Path

import cv2
import programs
import pytest
import small_tracker
from programs import DATA, contents, dataset, killed_after

pytestmark = pytest.mark.attack
KILLS = 20
FRAMES = 300
FAST = ("--config", "siamfc_alex_tiny")
TARGETS = ("--box", "40,30,24,20=a", "--box", "60,40,20,18=b", "--box", "20,20,30,30@40=c")
FORMATS = ("--save", "mp4,csv,mot,coco,cvat,labelstudio")
HASTY = Path(programs.__file__).with_name("hasty_track.py")
COMMANDS = {
    "eval": programs.command("eval", *DATA, "--no-report", *FAST),
    "render": programs.command("eval", "render", "--first", "1", "--seeds", "1", "--every", "50"),
    "track": [sys.executable, str(HASTY), "video", *TARGETS, *FAST, *FORMATS, "--quiet"],
}


def begun(folder, name, output):
    return programs.started(folder, [*COMMANDS[name], "--output", output])


@pytest.fixture
def folder(tmp_path):
    (dataset(tmp_path) / "video").mkdir()
    for t in range(FRAMES):
        cv2.imwrite(str(tmp_path / "video" / f"{t:04}.png"), small_tracker.picture(t))
    return tmp_path


@pytest.mark.parametrize("name", COMMANDS)
def test_a_kill_at_any_moment_and_the_same_command_again_leave_what_an_undisturbed_run_leaves(name, folder):
    if name == "track":
        pytest.importorskip("av", reason="films by OpenCV alone never have the same bytes twice")
    for output in ("first", "alone"):  # of which the second compiles nothing
        began = time.monotonic()
        program = begun(folder, name, output)
        _, told = program.communicate(timeout=3000)
        assert program.returncode == 0, told
    lasts, wanted = time.monotonic() - began, contents(folder / "alone")
    rng, kills, went_on = random.Random(0), 0, 0
    for number in range(3 * KILLS):
        met = killed_after(begun(folder, name, f"try{number}"), lasts * rng.uniform(0.25, 0.95))
        kills, lasts = kills + met, lasts if met else 0.9 * lasts  # on a machine that is less busy than before
        program = begun(folder, name, f"try{number}")
        _, told = program.communicate(timeout=3000)
        went_on += "going on after frame" in told
        if "is there already" not in told:  # as `track` says where it had ended
            assert program.returncode == 0, told
        assert contents(folder / f"try{number}") == wanted, number
        if kills == KILLS:
            break
    assert kills == KILLS
    assert went_on or name != "track"
