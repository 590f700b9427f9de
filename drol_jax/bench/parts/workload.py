"""A benchmark's worth of sequences, from JPEG files to results, everything on.

"otb100" has OTB100's 100 sequences and 59,040 frames, of 640x480 pixels on average.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from drol_jax.bench import recipe
from drol_jax.bench.film import BOX
from drol_jax.bench.parts.disk import write
from drol_jax.bench.subject import SEED, Subject
from drol_jax.datasets.sequence import Sequence
from drol_jax.running.feeders import CHUNK
from drol_jax.running.sequences import LockstepRunner

SEQUENCES, TOTAL, SHORTEST = 100, 59_040, 71
SIZES = ((480, 640), (360, 480), (480, 640), (600, 736))
"""(height, width), in turn: 640 x 480 pixels on average."""


def lengths(scale: float) -> list[int]:
    """Frames of every sequence: many short ones, a few long ones.

    Args:
      scale: share of the benchmark; below one there are fewer sequences of the same lengths.
    """
    count, total = max(1, round(SEQUENCES * scale)), max(2, round(TOTAL * scale))
    shares = -np.log1p(-recipe.unit("workload/lengths", (count,)))
    least = min(SHORTEST, total // count)
    found = least + np.floor((total - least * count) * shares / shares.sum()).astype(int)
    found[: total - found.sum()] += 1
    return found.tolist()


def measure(subject: Subject, scale: float, lanes: int) -> dict[str, Any]:
    """{"sequences", "frames", "lanes", "seconds", "fps", "compile_s"}; decoding included, `lanes` sequences at once.

    Compilation is left out of the time: a shorter run over every size comes first.
    """
    runner = LockstepRunner(subject.tracker(subject.variants[-1]), lanes)
    with tempfile.TemporaryDirectory(prefix="drol-bench-") as folder:
        files = {
            size: write(Path(folder) / f"{size[1]}x{size[0]}", recipe.video(recipe.FRAMES, size)) for size in set(SIZES)
        }
        began = time.perf_counter()
        _track(runner, [_sequence(files[size], number, CHUNK + 2) for number, size in enumerate(files)])
        compiling = time.perf_counter() - began
        counts = lengths(scale)
        sequences = [_sequence(files[SIZES[i % len(SIZES)]], i, length) for i, length in enumerate(counts)]
        began = time.perf_counter()
        _track(runner, sequences)
        seconds = time.perf_counter() - began
    return {
        "sequences": len(counts),
        "frames": sum(counts),
        "lanes": lanes,
        "seconds": seconds,
        "fps": sum(counts) / seconds,
        "compile_s": compiling,
    }


def _track(runner: LockstepRunner, sequences: list[Sequence]) -> None:
    for outcome in runner.run_all(sequences, SEED):
        if isinstance(outcome, Exception):
            raise outcome


def _sequence(files: list[Path], number: int, length: int) -> Sequence:
    boxes = np.full((length, 4), np.nan)
    boxes[0] = BOX
    sources = tuple(files[recipe.moment(i)] for i in range(length))
    return Sequence(name=f"bench-{number}", frames=sources, boxes=boxes)
