"""Pairs that are cheap to make, a small network to train on them, and a program that trains it:
``python fakes_train.py ARGUMENTS`` with the environment's KILL_AT, NAN_AT or STOP_AT naming a batch, and
LARGEST_FILE the bytes that a file may have."""

import json
import os
import resource
import signal
import sys
import time
from pathlib import Path

import jax.numpy as jnp
import numpy as np

from drol_jax.train.pairs.batch import ALL, Pairs

EXEMPLAR, INSTANCE, BATCH = 111, 143, 4
TRACKER = {
    "name": "little",
    "model": {"backbone": "alexnet", "head": "depthwise_rpn", "width": 0.05, "head_channels": 8, "anchor_scales": [4]},
    "search": {"exemplar_size": EXEMPLAR, "instance_size": INSTANCE},
    "hyper": {"penalty_k": 0.1, "window_influence": 0.3, "size_lr": 0.3},
}
TRAINING = {
    "batch_size": BATCH,
    "steps": 6,
    "seed": 3,
    "optimiser": {"rate": 0.02},
    "evaluation": {"seeds": []},
    "log_steps": 1,
    "checkpoint_minutes": 1e-9,
}


class Squares:
    """A coloured square on noise, the same in the search region, off its middle; every fourth pair has none."""

    def __init__(self, batch_size=BATCH, exemplar=EXEMPLAR, instance=INSTANCE, seed=0):
        self.sizes, self.seed = (batch_size, exemplar, instance), seed

    def batch(self, index: int, rows: slice = ALL) -> Pairs:
        count, exemplar, instance = self.sizes
        rng = np.random.default_rng([self.seed, index])
        z, x = (rng.integers(90, 160, (count, n, n, 3), np.uint8) for n in (exemplar, instance))
        mask = np.zeros((count, instance, instance), np.uint8)
        side, box, positive = 32, np.zeros((count, 4), np.float32), np.arange(count) % 4 != 3
        for i in range(count):
            colour = rng.choice([0, 255], 3)
            low = (exemplar - side) // 2
            z[i, low : low + side, low : low + side] = colour
            left, top = (instance - side) // 2 + rng.integers(-12, 13, 2)
            box[i] = left, top, side, side
            if positive[i]:
                x[i, top : top + side, left : left + side] = colour
                mask[i, top : top + side, left : left + side] = 1
        arrays = (jnp.asarray(array[rows]) for array in (z, x, box, positive, mask))
        return Pairs(**dict(zip(("template", "search", "box", "positive", "mask"), arrays, strict=True)))


class Trouble:
    """Another source, with trouble at one batch, which comes once the batch before was taken: "kill", "nan", "stop"."""

    def __init__(self, source, kind, at, waits_for=None):
        self.source, self.kind, self.at, self.waits_for = source, kind, at, waits_for

    def batch(self, index: int, rows: slice = ALL) -> Pairs:
        pairs = self.source.batch(index, rows)
        if index == self.at:
            if self.waits_for is not None:
                until = time.monotonic() + 60
                while not self.waits_for.exists() and time.monotonic() < until:
                    time.sleep(0.01)
            if self.kind == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            elif self.kind == "stop":
                os.kill(os.getpid(), signal.SIGINT)
            else:
                return Pairs(
                    template=pairs.template,
                    search=pairs.search,
                    box=pairs.box * jnp.nan,
                    positive=pairs.positive,
                    mask=pairs.mask,
                )
        return pairs


def write_files(folder: Path, **changes) -> Path:
    """A training file and its tracker's, in a folder; returns the first."""
    (folder / "little.yaml").write_text(json.dumps(TRACKER))
    path = folder / "training.yaml"
    path.write_text(json.dumps({"config": str(folder / "little.yaml"), **TRAINING, **changes}))
    return path


def source_of(environment) -> Squares | Trouble:
    for kind in ("kill", "nan", "stop"):
        if at := environment.get(f"{kind.upper()}_AT"):
            waits_for = environment.get("WAITS_FOR")
            return Trouble(Squares(), kind, int(at), Path(waits_for) if waits_for else None)
    return Squares()


if __name__ == "__main__":
    from drol_jax.train.cli import main

    if "LARGEST_FILE" in os.environ:  # as good as a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(os.environ["LARGEST_FILE"]),) * 2)
    sys.exit(main(sys.argv[1:], source=source_of(os.environ)))
