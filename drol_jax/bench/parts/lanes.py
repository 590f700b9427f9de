"""Many targets on one frame, in a pool (`drol_jax.running.targets`), against one alone."""

import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from drol_jax.bench.plan import spread
from drol_jax.bench.subject import SEED, Programs, Subject, on_device, seconds_of
from drol_jax.image.crops import Frame
from drol_jax.running.targets import targets

Track = Callable[[list[Frame]], Any]
"""Follows targets through frames and returns what must be waited for."""


def measure(subject: Subject, frames: int, repeat: int, lanes: list[int]) -> dict[str, Any]:
    """{variant: [{"lanes", "step_ms", "target_fps", "ratio": to one target alone, "init_s"}]}, one alone first."""
    counts = sorted({1, *lanes})
    return {v: _ratios([_lanes(subject, v, frames, repeat, n) for n in counts]) for v in subject.variants}


def _lanes(subject: Subject, variant: str, frames: int, repeat: int, count: int) -> dict[str, Any]:
    first, *later = [on_device(image) for image in subject.film.frames(frames)]
    start = _alone(subject, variant, first) if count == 1 else _pool(subject, variant, first, count)
    jax.block_until_ready(start()(later))  # compiles: refits when the first is due
    runs, inits = [], []
    for _ in range(repeat):
        began = time.perf_counter()
        track = start()
        inits.append(time.perf_counter() - began)
        seconds, _ = seconds_of(lambda track=track: track(later))
        runs.append(seconds / len(later))
    return {
        "lanes": count,
        "step_ms": spread([1e3 * seconds for seconds in runs]),
        "target_fps": spread([count / seconds for seconds in runs]),
        "init_s": min(inits),
    }


def _alone(subject: Subject, variant: str, frame: Frame) -> Callable[[], Track]:
    programs = Programs(subject.tracker(variant), frame, subject.film.box)

    def start() -> Track:
        first = jax.block_until_ready(programs.init(frame))

        def track(images: list[Frame]) -> Any:
            state, output = first, None
            for image in images:
                state, output = programs.step(state, image)
            return output

        return track

    return start


def _pool(subject: Subject, variant: str, frame: Frame, count: int) -> Callable[[], Track]:
    pool = targets(subject.tracker(variant), count)
    boxes = subject.film.box + np.arange(count, dtype=np.float32)[:, None] % 8 * np.array([4, 3, 1, 1], np.float32)
    keys = jax.random.split(jax.random.key(SEED), count)

    def start() -> Track:
        first = pool.empty()
        for box, key in zip(boxes, keys, strict=True):
            first, _ = pool.add(first, frame, box, key)
        jax.block_until_ready(first)

        def track(images: list[Frame]) -> Any:
            lanes, output = first, None
            for image in images:
                lanes, output = pool.step(lanes, image)
            return output

        return track

    return start


def _ratios(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    one = rows[0]["target_fps"]["median"]
    return [row | {"ratio": row["target_fps"]["median"] / one} for row in rows]
