"""How time and memory grow: over frames, and over the size of the image."""

import gc
import statistics
from typing import Any

import jax

from drol_jax.bench import recipe
from drol_jax.bench.film import BOX
from drol_jax.bench.parts.loop import timed
from drol_jax.bench.parts.memory import resident_mib
from drol_jax.bench.subject import SEED, Programs, Subject, on_device, seconds_of
from drol_jax.image.frames import capacity

POINTS = 5
"""Moments of a run at which memory is looked at."""


def measure(subject: Subject, frames: int, repeat: int) -> dict[str, Any]:
    """{"time": over frames, "memory": over frames, "area": a step over image sizes}, all with everything on."""
    variant = subject.variants[-1]
    return {
        "time": _time(subject, variant, frames, repeat),
        "memory": _memory(subject, variant, frames),
        "area": _area(subject, variant, frames),
    }


def _time(subject: Subject, variant: str, frames: int, repeat: int) -> dict[str, Any]:
    once, twice = (timed(subject, variant, subject.sequence(n), repeat) for n in (frames, 2 * frames - 1))
    seconds = [run["track_s"]["median"] for run in (once, twice)]
    return {
        "frames": [once["frames"], twice["frames"]],
        "seconds": seconds,
        "ratio": seconds[1] / seconds[0],
        "refits": [once["refits"], twice["refits"]],
    }


def _memory(subject: Subject, variant: str, frames: int) -> list[dict[str, Any]]:
    """Resident memory and arrays that jax keeps alive, at a few frames of one run."""
    at = {max(1, (frames - 1) * (i + 1) // POINTS) for i in range(POINTS)}
    found: list[dict[str, Any]] = []

    def look(index: int) -> None:
        if index in at:
            gc.collect()
            alive = jax.live_arrays()
            size = sum(array.nbytes for array in alive) / 1024**2
            found.append({"frame": index, "rss_mib": resident_mib(), "live_arrays": len(alive), "live_mib": size})

    subject.runner(variant).run(subject.sequence(frames), SEED, on_frame=look)
    return found


def _area(subject: Subject, variant: str, frames: int) -> list[dict[str, Any]]:
    """A step's median where the image has 1, 4 and 16 times the area and the target stays as it is."""
    rows: list[dict[str, Any]] = []
    for times in (1, 2, 4):
        height, width = (times * side for side in recipe.SIZE)
        row = {"width": width, "height": height, "pixels_padded": capacity(height, width)}
        rows.append(row | {"step_ms": _step_ms(subject, variant, min(frames, recipe.FRAMES), (height, width))})
    return [row | {"ratio": row["step_ms"] / rows[0]["step_ms"]} for row in rows]


def _step_ms(subject: Subject, variant: str, frames: int, size: tuple[int, int]) -> float:
    first, *others = recipe.video(frames, size)
    programs = Programs(subject.tracker(variant), on_device(first), BOX)
    # The first call of a program is its slowest.
    programs.step(programs.init(on_device(first)), on_device(others[0]))
    state = programs.init(on_device(first))
    milliseconds = []
    for image in others:
        seconds, (state, output) = seconds_of(lambda s=state, p=image: programs.step(s, on_device(p)))
        if not bool(output.refitted):
            milliseconds.append(1e3 * seconds)
    return statistics.median(milliseconds)
