"""The programs as a user starts them, and a small dataset with results for them."""

import os
import resource
import signal
import subprocess
import sys
import time
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
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
    if limit is not None:
        options["preexec_fn"] = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command(*arguments), cwd=folder, env=environment, **options)


def run(folder, *arguments, **options):
    """Exit code, standard output and standard error."""
    program = begin(folder, *arguments, **options)
    out, err = program.communicate(timeout=300)
    return program.returncode, out, err


def kill_after(program, seconds):
    """Whether SIGKILL met the program."""
    time.sleep(seconds)
    program.kill()
    program.communicate(timeout=60)
    return program.returncode == -signal.SIGKILL


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
