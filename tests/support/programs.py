"""The programs as a user starts them, and a small dataset with results for them."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).parents[2]
FRAMES = 12
BOX = "40,30,24,20"


def command(*arguments):
    return [sys.executable, "-m", "drol_jax", *map(str, arguments)]


def begin(folder, *arguments, limit=None, **options):
    """A program that runs in a folder; limit: bytes that a file may have, as on a disk that is full."""
    if limit is not None:
        options["preexec_fn"] = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    return started(folder, command(*arguments), **options)


def started(folder, words, **options):
    """A process of our code that runs in a folder, with pipes to its output."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
    return subprocess.Popen(words, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, **options)


def run(folder, *arguments, **options):
    """Exit code, standard output and standard error."""
    return ended(begin(folder, *arguments, **options))


def ended(program):
    """Exit code, standard output and standard error of a process, once it has ended."""
    out, err = program.communicate(timeout=300)
    return program.returncode, out, err


def killed_after(program, seconds):
    """Whether SIGKILL met the program so many seconds after it began."""
    try:
        program.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        program.kill()
        program.communicate(timeout=60)
    return program.returncode == -signal.SIGKILL


TIMES = ("manifest.json", "summary.", "report.html", "tables.", "time")
"""Files that hold times."""


def contents(folder):
    """What was written, but for what holds times."""
    some = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(TIMES))
    return {str(path.relative_to(folder)): path.read_bytes() for path in some if "time" not in path.name}


def dataset(folder):
    """Two sequences as folders, results of a tracker on them, and the images of a video."""
    for name in ("road", "yard"):
        (folder / "data" / name / "img").mkdir(parents=True)
        (folder / "data" / name / "groundtruth.txt").write_text(f"{BOX}\n" * FRAMES)
        (folder / "results" / "net").mkdir(parents=True, exist_ok=True)
        (folder / "results" / "net" / f"{name}.txt").write_text(f"{BOX}\n" * FRAMES)
        for t in range(FRAMES):
            image = np.random.default_rng(t).integers(80, 120, (96, 128, 3), dtype=np.uint8)
            image[30:50, 40 + t : 64 + t] = 230
            cv2.imwrite(str(folder / "data" / name / "img" / f"{t + 1:04}.png"), image)
    return folder


DATA = ("--dataset", "folders", "--data-root", "data")
"""The dataset as arguments."""
VOT = ("--dataset", "VOT", "--data-root", "data")
