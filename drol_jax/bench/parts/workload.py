"""A benchmark's worth of sequences, from JPEG files to results, everything on.

"otb100" has OTB100's 100 sequences and 59,040 frames, of 640x480 pixels on average.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from drol_jax.bench import recipe
from drol_jax.bench.parts.disk import write
from drol_jax.bench.subject import BOX, SEED, Subject
from drol_jax.datasets.sequence import Sequence

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


def measure(subject: Subject, scale: float) -> dict[str, Any]:
    """{"sequences", "frames", "seconds", "fps", "compile_s"}; one sequence after another, decoding included."""
    runner = subject.runner(subject.variants[-1])
    seconds = compiling = 0.0
    frames = 0
    with tempfile.TemporaryDirectory(prefix="drol-bench-") as folder:
        files = {
            size: write(Path(folder) / f"{size[1]}x{size[0]}", recipe.video(recipe.FRAMES, size)) for size in set(SIZES)
        }
        for number, length in enumerate(lengths(scale)):
            shown = files[SIZES[number % len(SIZES)]]
            boxes = np.full((length, 4), np.nan)
            boxes[0] = BOX
            sources = tuple(shown[recipe.moment(i)] for i in range(length))
            began = time.perf_counter()
            run = runner.run(Sequence(name=f"bench-{number}", frames=sources, boxes=boxes), SEED)
            seconds += time.perf_counter() - began - run.compile_seconds
            compiling += run.compile_seconds
            frames += length
    count = len(lengths(scale))
    return {"sequences": count, "frames": frames, "seconds": seconds, "fps": frames / seconds, "compile_s": compiling}
