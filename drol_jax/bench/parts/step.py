"""Seconds of `init` and milliseconds of `step`, each waited for."""

from typing import Any

import numpy as np

from drol_jax.bench.plan import spread
from drol_jax.bench.subject import Programs, Subject, on_device, seconds_of


def measure(subject: Subject, frames: int, repeat: int) -> dict[str, Any]:
    """{variant: {"init_s", "step_ms": {"p50", "p95", "mean"}, "steps", "refits", "verdicts"}}.

    The image's way to the device counts, its decoding does not. Each repetition is a fresh run over the video.
    """
    return {variant: _variant(subject, variant, frames, repeat) for variant in subject.variants}


def _variant(subject: Subject, variant: str, frames: int, repeat: int) -> dict[str, Any]:
    first, *others = subject.film.frames(frames)
    programs = Programs(subject.tracker(variant), on_device(first), subject.film.box)
    # The first call of a program is its slowest.
    state = programs.init(on_device(first))
    programs.step(state, on_device(others[0]))
    inits, steps, outputs = [], [], []
    for _ in range(repeat):
        seconds, state = seconds_of(lambda: programs.init(on_device(first)))
        inits.append(seconds)
        outputs = []
        for image in others:
            seconds, (state, output) = seconds_of(lambda image=image, s=state: programs.step(s, on_device(image)))
            steps.append(1e3 * seconds)
            outputs.append(output)
    low, high = np.percentile(steps, [50, 95])
    return {
        "init_s": spread(inits),
        "step_ms": {"p50": float(low), "p95": float(high), "mean": float(np.mean(steps))},
        "steps": len(others),
        "refits": int(sum(bool(output.refitted) for output in outputs)),
    }
