"""Names of sequences, trackers and folders that are hostile: nothing outside the output, everything escaped."""

import csv
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

pytestmark = pytest.mark.attack
ROOT = Path(__file__).parents[2]
NAMES = [
    "<script>alert(1)",
    "<img src=x onerror=alert(1)>",
    '"onmouseover="alert(1)',
    "a&b;c",
    "=cmd|' calc'!A0",
    "+1+1",
    "-n",
    "--help",
    "@SUM(A1)",
    "\\input{secret}",
    "$(touch out)",
    "`touch out`",
    "%n%s",
    "a b",
    " lead",
    "tab\there",
    "..a",
    ".hidden",
    "C:x",
    "ü" * 60,
]


def drol(folder, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "drol_jax", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


def tree(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.fixture(scope="module")
def sequences(tmp_path_factory):
    root = tmp_path_factory.mktemp("data") / "root"
    for name in NAMES:
        (root / name / "img").mkdir(parents=True)
        (root / name / "groundtruth.txt").write_text("10,10,20,20\n" * 3)
        for t in (1, 2, 3):
            cv2.imwrite(str(root / name / "img" / f"{t:04}.jpg"), np.full((60, 80, 3), 90, np.uint8))
    return root


@pytest.mark.parametrize("tracker", NAMES)
def test_result_files_of_hostile_names_are_scored_and_shown_as_text(sequences, tracker, tmp_path):
    for name in NAMES:
        path = tmp_path / "results" / tracker / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("10,10,20,20\n" * 3)
    before = tree(tmp_path)
    place = tmp_path / "results" / tracker
    done = drol(
        tmp_path, "eval", "score", f"--results={place}", "--dataset=folders", f"--data-root={sequences}", "--output=out"
    )
    assert "Traceback" not in done.stderr
    assert {new.split("/")[0] for new in tree(tmp_path) - before} <= {"out"}
    if done.returncode:
        assert done.stderr.startswith("error: "), done.stderr
        return
    for page in (tmp_path / "out").rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert 'onmouseover="alert' not in text.replace("&#34;", "")
    for page in (tmp_path / "out").rglob("*.tex"):
        assert "\\input{secret}" not in page.read_text(encoding="utf-8")
    for page in (tmp_path / "out").rglob("*.csv"):
        with page.open(encoding="utf-8", newline="") as file:
            assert not any(cell[:1] in "=@" and cell for row in csv.reader(file) for cell in row), page
    for archive in (tmp_path / "out").rglob("*.zip"):
        for member in zipfile.ZipFile(archive).namelist():
            assert not member.startswith("/") and ".." not in Path(member).parts


@pytest.mark.parametrize("option", ["--boxes", "--config", "--weights"])
@pytest.mark.parametrize("kind", ["pipe", "folder", "endless", "sparse"])
def test_what_is_no_file_in_place_of_one_is_refused_at_once(option, kind, tmp_path):
    path = tmp_path / {"--boxes": "b.csv", "--config": "c.yaml", "--weights": "w.safetensors"}[option]
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "endless":
        path.symlink_to("/dev/zero")
    else:
        with path.open("wb") as file:
            file.truncate(2 * 2**30)
    (tmp_path / "video").mkdir()
    cv2.imwrite(str(tmp_path / "video" / "1.png"), np.full((60, 80, 3), 90, np.uint8))
    box = [] if option == "--boxes" else ["--box", "10,10,20,20"]
    done = drol(tmp_path, "track", tmp_path / "video", *box, option, path)
    assert done.returncode == 2, done
    assert done.stderr.count("\n") == 1 and path.name in done.stderr


LONG = "x" * 300
"""Longer than a file's name may be, so that the system cannot even tell whether it is there."""
BOX = ("--box", "10,10,20,20")


@pytest.mark.parametrize(
    "arguments",
    [
        *(("track", LONG, *BOX), ("track", "video", "--boxes", LONG), ("track", "video", *BOX, "--output", LONG)),
        *(("track", "video", *BOX, option, LONG) for option in ("--config", "--weights")),
        *(("eval", option, LONG) for option in ("--dataset", "--config", "--weights", "--plugin")),
        ("eval", "--dataset", "folders", "--data-root", LONG),
        ("eval", "score", "--results", LONG, "--dataset", "OTB100"),
        ("eval", "doctor", "--dataset", "OTB100", "--data-root", LONG),
        ("eval", "film", "--results", LONG, "--dataset", "OTB100", "--sequence", "Woman", "--output", "out.webp"),
        ("eval", "pack", "--results", LONG, "--dataset", "GOT-10k", "--output", "out.zip"),
        ("eval", "render", "--output", LONG),
        *(("train", "--config", LONG), ("train", "--config", "siamfc_alex_tiny", "--init", LONG)),
        *(("convert", "pysot", LONG, "--config", "siamrpn_alex_tiny", "--output", "out"), ("tune", "--space", LONG)),
        *(("export", "stablehlo", "--config", LONG, "--output", "out"), ("studio", LONG, "--no-browser")),
        *(("weights", "get", LONG), ("weights", "check", LONG)),
        *(("bench", "--quick", "--config", LONG), ("bench", "--quick", "--plugin", LONG)),
    ],
    ids=lambda arguments: " ".join(arguments).replace(LONG, "LONG"),
)
def test_a_path_that_is_too_long_to_be_looked_for_is_refused_in_a_line(arguments, tmp_path):
    (tmp_path / "video").mkdir()
    cv2.imwrite(str(tmp_path / "video" / "1.png"), np.full((60, 80, 3), 90, np.uint8))
    done = drol(tmp_path, *arguments)
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: ") and "Traceback" not in done.stderr
