"""Ours beside OpenCV's trackers: one program drives both in turns; OpenCV is played by a stand-in."""

import json

import pytest

pytest_plugins = ["bench_runs"]
OPENCV = '''
"""KCF alone, which stays where it began."""
__version__ = "0.fake"
setNumThreads = lambda count: None

class TrackerKCF_create:
    def init(self, image, box):
        assert image.shape == (240, 320, 3) and image.dtype == "uint8" and all(isinstance(n, int) for n in box)
        self.box = box
    def update(self, image):
        return True, self.box
'''


def test_both_sides_run_in_turns_and_their_ratio_is_told(bench, plain_config, interpreter, tmp_path):
    how = ("--frames", "3", "--repeat", "2", "--threads", "1", "--json", tmp_path / "a.json")
    code, out, _ = bench("--config", plain_config, "--against", "opencv", "--against-python", interpreter(OPENCV), *how)
    assert code == 0
    assert "subnet off, KCF" in out
    row = json.loads((tmp_path / "a.json").read_text())["against"][0]
    assert (row["opencv"], row["threads"]) == ("0.fake", 1)
    (found,) = row["variants"].values()
    assert [len(found[side]) for side in ("ours", "theirs")] == [2, 2]
    assert all(run["init_s"] >= 0 and run["track_s"] > 0 for run in (*found["ours"], *found["theirs"]))
    assert found["largest_box_difference"] is None  # another method


def test_an_opencv_without_any_of_its_trackers_is_misuse(bench, plain_config, interpreter):
    python = interpreter("__version__ = '0.none'\nsetNumThreads = lambda count: None\n")
    code, _, err = bench("--config", plain_config, "--against", "opencv", "--against-python", python, "--quick")
    assert code == 2
    assert "OpenCV 0.none" in err and "opencv-contrib-python" in err and "plain" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--against", "opencv", "--against-onnx", "one.onnx"), "a backbone and a head with a comma"),
        (("--against", "opencv", "--against-onnx", "one.onnx,two.onnx"), "one.onnx: no such file"),
        (("--against-onnx", "one.onnx,two.onnx"), "give --against opencv with it"),
        (("--against", "nowhere"), "neither opencv, onnxruntime nor a PySOT or DROL checkout"),
    ],
)
def test_what_cannot_be_compared_is_misuse(bench, arguments, words):
    code, out, err = bench(*arguments)
    assert (code, out) == (2, "")
    assert words in err
