"""Runs of a tracker that is started anew after failing, and the same counted by hand."""

import numpy as np

from drol_jax.datasets import Sequence
from drol_jax.eval.running import Restart
from drol_jax.metrics.raster import overlaps
from drol_jax.metrics.regions import Regions


def codes(tracked) -> str:
    """One letter a frame: . for a region."""
    return "".join({-1: ".", 0: "0", 1: "1", 2: "2"}[int(code)] for code in tracked.regions.codes)


def restart(runner, seq, number=1):
    seen = []
    tracked = Restart().track(runner, seq, 0, number, seen.append)
    return tracked, seen


def frame_by_frame(seq: Sequence, box_of) -> list:
    """PySOT's protocol of restarting, as its tools/test.py runs it: 1, 2, 0 or a box for each frame."""
    rows, begin, started = [], 0, None
    for frame in range(len(seq)):
        if frame == begin:
            started = frame
            rows.append(1)
        elif frame > begin:
            box = np.asarray(box_of(frame, started), np.float64)
            x, y, w, h = seq.boxes[frame]
            groundtruth = Regions.from_polygons([[x, y, x, y + h - 1, x + w - 1, y + h - 1, x + w - 1, y]])
            if overlaps(Regions.from_boxes([box]), groundtruth, (seq.size[1], seq.size[0]))[0] > 0:
                rows.append(box)
            else:
                rows.append(2)
                begin = frame + 5
        else:
            rows.append(0)
    return rows
