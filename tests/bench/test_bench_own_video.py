"""The bench on a video of the user's: its frames and its box are what both sides run on."""

import json

import cv2
import numpy as np
import pytest

pytest_plugins = ["bench_runs"]
BOX = "30.5,20,24,18"


@pytest.fixture
def pictures(tmp_path):
    """A folder of four, 96 wide and 72 high, each of another grey."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(4):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((72, 96, 3), 40 * number, np.uint8))
    return folder


OPENCV = '''
"""KCF alone, which tells by its boxes what it was shown."""
__version__ = "0.fake"
setNumThreads = lambda count: None

class TrackerKCF_create:
    def init(self, image, box):
        assert image.shape == (72, 96, 3) and image[0, 0, 0] == 0, image.shape
        assert box == [30, 20, 24, 18], box
        self.shown = [0]
    def update(self, image):
        self.shown.append(int(image[0, 0, 0]))
        assert self.shown == [0, 40, 80][: len(self.shown)], self.shown
        return True, (0, 0, 1, 1)
'''


def test_its_frames_are_tracked_in_place_of_the_generated_ones(bench, plain_config, pictures, tmp_path):
    how = ("--only", "loop,disk", "--frames", "4", "--repeat", "1", "--json", tmp_path / "a.json")
    code, out, _ = bench("--config", plain_config, "--video", pictures, "--box", BOX, *how)
    assert code == 0
    assert out.startswith(f"4 frames of {pictures}, 96x72, 1 repetitions, all cores")
    found = json.loads((tmp_path / "a.json").read_text())
    assert found["plan"]["own"] == {
        "video": str(pictures),
        "box": [30.5, 20, 24, 18],
        "frames": 4,
        "size": [72, 96],
    }
    parts = found["rows"][0]["parts"]
    assert [parts[part]["off"]["frames"] for part in ("loop", "disk")] == [4, 4]


def test_the_other_side_gets_the_same_frames_and_box(bench, plain_config, pictures, tmp_path, interpreter):
    how = ("--frames", "3", "--repeat", "1", "--threads", "1")
    against = ("--against", "opencv", "--against-python", interpreter(OPENCV))
    code, out, err = bench("--config", plain_config, "--video", pictures, "--box", BOX, *against, *how)
    assert code == 0, err
    assert "subnet off, KCF" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--box", BOX, "--frames", "5"], "has 4 frames; give --frames 4 or fewer"),
        (["--frames", "4"], "--video needs the target in its first frame; give --box"),
        (["--box", "1,2,3", "--frames", "4"], "wanted x,y,w,h"),
        (["--box", f"{BOX}@2", "--frames", "4"], "from the first frame on; give x,y,w,h alone"),
        (["--box", f"{BOX}=anna", "--frames", "4"], "from the first frame on; give x,y,w,h alone"),
        (["--box", "200,20,24,18", "--frames", "4"], "lies wholly outside the 96x72 image"),
        (["--box", BOX, "--frames", "4", "--only", "loop,memory"], "memory cannot run on it"),
        (["--box", BOX, "--frames", "4", "--only", "loop", "--scaling"], "scaling cannot run on it"),
        (["--box", BOX, "--scores", "Synth"], "scores cannot run on it"),
    ],
)
def test_what_cannot_be_measured_is_told_at_once(bench, pictures, arguments, words):
    code, out, err = bench("--video", pictures, *arguments)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert words in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--video", "gone.mp4", "--box", BOX], "gone.mp4"),
        (["--video", "0", "--box", BOX], "camera"),
        (["--box", BOX], "--box is the target in a video of yours; name that with --video"),
    ],
)
def test_a_video_that_is_none_is_told_at_once(bench, arguments, words):
    code, out, err = bench(*arguments)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert words in err


def test_the_usual_parts_but_memory_run_on_it(bench, pictures, monkeypatch):
    from drol_jax.bench import measuring

    plans = []
    row = {"config": "stand_in", "precision": None, "parts": {"": {}}}
    monkeypatch.setattr(measuring, "run", lambda plan, tell: plans.append(plan) or [row])
    assert bench("--video", pictures, "--box", BOX, "--frames", "3")[0] == 0
    assert plans[0].parts == ("compile", "step", "loop", "split", "disk")
