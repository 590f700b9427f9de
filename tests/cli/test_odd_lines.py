"""Odd command lines: each is refused in one line with exit code 2, before anything is computed, and leaves nothing."""

import cv2
import numpy as np
import pytest

from drol_jax.__main__ import main

TRACK = ["track", "frames"]
CONVERT = ["convert", "pysot", "file", "--config", "siamrpn_alex_tiny", "--output", "out"]
LINES = [
    ["track", "none.mp4", "--box", "1,2,3,4"],
    ["track", "empty", "--box", "1,2,3,4"],
    ["track", "file", "--box", "1,2,3,4"],
    ["track", "http://", "--box", "1,2,3,4"],
    [*TRACK],
    [*TRACK, "--box", "1,2,3"],
    [*TRACK, "--box", "1,2,3,4,5"],
    [*TRACK, "--box", "a,b,c,d"],
    [*TRACK, "--box", ""],
    [*TRACK, "--box", "nan,2,3,4"],
    [*TRACK, "--box", "1,2,inf,4"],
    [*TRACK, "--box", "1,2,0,4"],
    [*TRACK, "--box", "1,2,-3,4"],
    [*TRACK, "--box", "900,2,3,4"],
    [*TRACK, "--box", "1e300,2,3,4"],
    [*TRACK, "--boxes", "none.csv"],
    [*TRACK, "--boxes", "file"],
    [*TRACK, "--boxes", "empty"],
    [*TRACK, "--box", "1,2,9,9", "--config", "siamrpm"],
    [*TRACK, "--box", "1,2,9,9", "--config", "file"],
    [*TRACK, "--box", "1,2,9,9", "--weights", "none"],
    [*TRACK, "--box", "1,2,9,9", "--weights", "file"],
    [*TRACK, "--box", "1,2,9,9", "--output", "file"],
    [*TRACK, "--box", "1,2,9,9", "--output", "file/out"],
    [*TRACK, "--box", "1,2,9,9", "--start", "99"],
    [*TRACK, "--box", "1,2,9,9", "--start", "2", "--end", "1"],
    ["studio", "none.mp4"],
    ["studio", "file"],
    ["studio", "frames", "--port", "70000"],
    ["studio", "frames", "--port", "-1"],
    ["studio", "frames", "--config", "siamrpm"],
    ["convert"],
    ["convert", "pysott"],
    ["convert", "pysot", "none.pth", *CONVERT[3:]],
    ["convert", "pysot", "empty", *CONVERT[3:]],
    CONVERT,
    [*CONVERT[:4], "siamrpm", *CONVERT[5:]],
    [*CONVERT[:4], "file", *CONVERT[5:]],
    ["convert", "onnx", "file", "none.onnx", *CONVERT[3:]],
    ["convert", "siamfc", "file", *CONVERT[3:]],
    ["convert", "siammask", "file", *CONVERT[3:]],
    ["convert", "to-pysot", "none", *CONVERT[3:]],
    ["convert", "to-opencv", "siamrpn_alex_tiny", *CONVERT[3:]],
    ["train", "--config", "none"],
    ["train", "--config", "file"],
    ["train", "--config", "empty"],
    ["train", "--steps", "0"],
    ["train", "--steps", "-5"],
    ["train", "--budget", "soon"],
    ["train", "--budget", "0m"],
    ["train", "--steps", "1", "--budget", "1h"],
    ["train", "--steps", "1", "--init", "none"],
    ["train", "--steps", "1", "--init", "siamrpn_alex_tiny", "--init-backbone", "siamrpn_alex_tiny"],
    ["train", "--steps", "1", "--output", "file"],
    ["train", "--steps", "1", "--resume", "always", "--output", "out"],
    ["train", "--steps", "1", "--seed", "-1"],
    ["bench", "--config", "siamrpm"],
    ["bench", "--config", ","],
    ["bench", "--device", "abacus"],
    ["bench", "--precision", "float8"],
    ["bench", "--lanes", "0"],
    ["bench", "--lanes", "1,x"],
    ["bench", "--frames", "0"],
    ["bench", "--repeat", "0"],
    ["bench", "--threads", "0"],
    ["bench", "--only", "lane"],
    ["bench", "--json", "none/b.json"],
    ["bench", "--json", "empty"],
    ["bench", "--plot", "b.txt"],
    ["bench", "--against", "none"],
    ["bench", "--scores", "OTB1000"],
    ["bench", "--weights", "none"],
    ["tune"],
    ["tune", "--space", "fusoin=0:1"],
    ["tune", "--space", "fusion"],
    ["tune", "--space", "fusion=1:0"],
    ["tune", "--space", "fusion=a,b"],
    ["tune", "--space", "fusion=0:1", "--trials", "0"],
    ["tune", "--space", "fusion=0:1", "--together", "-1"],
    ["tune", "--space", "fusion=0:1", "--lanes", "0"],
    ["tune", "--space", "fusion=0:1", "--dataset", "OTB1000"],
    ["tune", "--space", "fusion=0:1", "--dataset", "OTB100", "--data-root", "empty"],
    ["tune", "--space", "fusion=0:1", "--sequences", "none"],
    ["tune", "--space", "fusion=0:1", "--config", "siamrpm"],
    ["tune", "--lr", "1,2"],
    ["tune", "--lr", "1,2,0"],
    ["weights", "gett"],
    ["weights", "get", "none"],
    ["weights", "get", "empty"],
    ["weights", "get", "file"],
    ["weights", "card", "none"],
    ["export", "onnxx"],
    ["export", "stablehlo", "--config", "siamrpm", "--output", "out"],
    ["export", "stablehlo", "--config", "siamfc_alex_tiny", "--output", "file"],
    ["export", "stablehlo", "--config", "siamfc_alex_tiny", "--platforms", "abacus", "--output", "out"],
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """`file` holds a word, `empty` is an empty folder, `frames` a video of two images."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DROL_JAX_WEIGHTS", str(tmp_path / "kept"))
    (tmp_path / "file").write_text("word\n")
    (tmp_path / "empty").mkdir()
    (tmp_path / "frames").mkdir()
    for number in (1, 2):
        cv2.imwrite(str(tmp_path / "frames" / f"{number}.png"), np.full((60, 80, 3), 90, np.uint8))
    return tmp_path


def tree(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_an_odd_line_is_refused_in_one_line_and_leaves_nothing(line, folder, capfd):
    before = tree(folder)
    code = main(line)
    _, err = capfd.readouterr()
    told = [one for one in err.splitlines() if one and not one.startswith("note: ")]
    assert code == 2, err
    if line not in (["convert"],):
        assert len(told) == 1 and told[0].startswith("error: "), err
    assert tree(folder) == before


@pytest.mark.parametrize("command", ["track", "studio", "convert pysot", "train", "bench", "tune", "weights get"])
@pytest.mark.parametrize("odd", ["--no-such-option", "--output", "--config="])
def test_what_does_not_parse_is_misuse(command, odd, folder, capfd):
    try:
        code = main([*command.split(), odd])
    except SystemExit as end:
        code = end.code
    assert code == 2
    assert "Traceback" not in capfd.readouterr().err
