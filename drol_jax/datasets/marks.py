"""What a benchmark's own files say of single frames beside the target's box: numbers, tags by them, places to start."""

from dataclasses import replace

import numpy as np

from drol_jax.datasets.definitions import Benchmark, Row
from drol_jax.datasets.groundtruth import Groundtruth
from drol_jax.datasets.place import Place
from drol_jax.datasets.text import read_flags, read_reals


def marked(groundtruth: Groundtruth, place: Place, row: Row, benchmark: Benchmark) -> Groundtruth:
    """The groundtruth with what the definition's files of tags and of restarts say, as far as they are there.

    Neither boxes nor scores need them, so that a file that is not there leaves its tag out.

    Raises:
      UserError: a file holds something else.
    """
    frames, measured = len(groundtruth.boxes), {}
    for tag in benchmark.tags:
        path = place.tree.find(row.fill(benchmark.tag_file.replace("{tag}", tag)))
        if path is not None and path.is_file():
            measured[tag] = read_reals(path, frames)
    tags = {tag: benchmark.tags[tag].marks(values) for tag, values in measured.items()}
    path = place.tree.find(row.fill(benchmark.restarts)) if benchmark.restarts else None
    restarts = None
    if path is not None and path.is_file():
        restarts = read_flags(path, None) if path.stat().st_size else np.zeros(0, np.int64)
    return replace(groundtruth, measured=measured, tags={**groundtruth.tags, **tags}, restarts=restarts)
