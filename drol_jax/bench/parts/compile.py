"""Seconds to trace and compile, in a process that has compiled nothing yet."""

from typing import Any

from drol_jax.bench.subject import Programs, Subject, on_device


def measure(subject: Subject, variant: str) -> dict[str, Any]:
    """{"init" and "step": {"trace_s", "compile_s"}}; with a warm cache compiling is reading."""
    made = Programs(subject.tracker(variant), on_device(subject.film.frames(1)[0]), subject.film.box)
    return {name: made.seconds[name] for name in ("init", "step")}
