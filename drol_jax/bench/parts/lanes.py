"""Many targets on one frame: `init` and `step` under `vmap`."""

import time
from typing import Any

import jax
import numpy as np

from drol_jax.api import Tracker
from drol_jax.bench.plan import spread
from drol_jax.bench.subject import BOX, SEED, Subject, matmul_precision, on_device, seconds_of
from drol_jax.tracker import init, step
from drol_jax.tracker.step import init_draws


def measure(subject: Subject, frames: int, repeat: int, lanes: list[int]) -> dict[str, Any]:
    """{variant: [{"lanes", "step_ms", "target_fps", "ratio": to one lane, "init_s", "compile_s"}]}, one lane first."""
    counts = sorted({1, *lanes})
    return {v: _ratios([_lanes(subject, v, frames, repeat, n) for n in counts]) for v in subject.variants}


def _lanes(subject: Subject, variant: str, frames: int, repeat: int, count: int) -> dict[str, Any]:
    tracker = subject.tracker(variant)
    pictures = [on_device(picture) for picture in subject.frames(frames)]
    boxes = BOX + np.arange(count, dtype=np.float32)[:, None] % 8 * np.array([4, 3, 1, 1], np.float32)
    keys = jax.random.split(jax.random.key(SEED), count)
    began = time.perf_counter()
    starting, following = _programs(tracker, pictures[0], boxes, keys)
    compiling = time.perf_counter() - began
    runs, inits = [], []
    for _ in range(repeat):
        seconds, states = seconds_of(lambda: starting(pictures[0], boxes, keys))
        inits.append(seconds)
        states, _ = following(states, pictures[1])
        seconds, _ = seconds_of(lambda s=states: _run(following, s, pictures[1:]))
        runs.append(seconds / (frames - 1))
    return {
        "lanes": count,
        "step_ms": spread([1e3 * seconds for seconds in runs]),
        "target_fps": spread([count / seconds for seconds in runs]),
        "init_s": min(inits),
        "compile_s": compiling,
    }


def _programs(tracker: Tracker, frame: Any, boxes: np.ndarray, keys: jax.Array) -> tuple[Any, Any]:
    config, fixed = tracker.config, (tracker.variables, tracker.hyper)

    def start(variables: Any, hyper: Any, frame: Any, boxes: Any, keys: Any) -> Any:
        def one(box: Any, key: Any) -> Any:
            draws = init_draws(config, key) if config.online.enabled else None
            return init(config, variables, hyper, frame, box, draws)

        return jax.vmap(one)(boxes, keys)

    def follow(variables: Any, hyper: Any, states: Any, frame: Any) -> Any:
        return jax.vmap(lambda state: step(config, variables, hyper, state, frame))(states)

    first, later = jax.jit(start), jax.jit(follow, donate_argnums=2)
    with matmul_precision(tracker):
        states = first.eval_shape(*fixed, frame, boxes, keys)
        starting = first.lower(*fixed, frame, boxes, keys).compile()
        following = later.lower(*fixed, states, frame).compile()
    return lambda *args: starting(*fixed, *args), lambda *args: following(*fixed, *args)


def _run(following: Any, states: Any, pictures: list[Any]) -> Any:
    output = None
    for frame in pictures:
        states, output = following(states, frame)
    return states, output


def _ratios(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    one = rows[0]["target_fps"]["median"]
    return [row | {"ratio": row["target_fps"]["median"] / one} for row in rows]
