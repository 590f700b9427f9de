"""Frames per second of the frame loop that benchmarks run in: prefetching, results fetched in chunks."""

import time
from typing import Any, NamedTuple

import jax

from drol_jax.bench.plan import spread
from drol_jax.bench.subject import SEED, Subject
from drol_jax.datasets.sequence import Sequence
from drol_jax.running.loop import Runner, Trajectory


class Run(NamedTuple):
    """One run over a sequence: seconds until the first frame is learned, and from there to the last result."""

    init_s: float
    track_s: float
    trajectory: Trajectory


def measure(subject: Subject, frames: int, repeat: int) -> dict[str, Any]:
    """{variant: as `timed`}, with frames that lie decoded in memory."""
    sequence = subject.sequence(frames)
    return {variant: timed(subject, variant, sequence, repeat) for variant in subject.variants}


def timed(subject: Subject, variant: str, sequence: Sequence, repeat: int) -> dict[str, Any]:
    """{"fps": of tracking, "whole_fps": with `init`, "track_s", "init_s", "frames", "refits"}; compilation apart."""
    runner = subject.runner(variant)
    run(runner, sequence)  # compiles
    runs = [run(runner, sequence) for _ in range(repeat)]
    followed = len(sequence) - 1
    return {
        "fps": spread([followed / one.track_s for one in runs]),
        "whole_fps": spread([len(sequence) / (one.init_s + one.track_s) for one in runs]),
        "track_s": spread([one.track_s for one in runs]),
        "init_s": spread([one.init_s for one in runs]),
        "frames": len(sequence),
        "refits": subject.refits(variant, runs[-1].trajectory.verdicts),
    }


def run(runner: Runner, sequence: Sequence) -> Run:
    """One run. The loop lets `init` run ahead of the host; here it is waited for, so that it can be told apart."""
    times: list[float] = []

    def started(index: int) -> None:
        if index == 0:
            jax.block_until_ready(jax.live_arrays())
            times.append(time.perf_counter())

    began = time.perf_counter()
    trajectory = runner.run(sequence, SEED, on_frame=started)
    return Run(times[0] - began, time.perf_counter() - times[0], trajectory)
