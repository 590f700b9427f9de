"""One run of ours, to stand beside one of the published code's."""

from typing import Any

from drol_jax.bench.parts import network
from drol_jax.bench.parts.loop import run
from drol_jax.bench.pysot_config import pysot_tree
from drol_jax.bench.subject import Subject


def measure(subject: Subject, variant: str | None = None, frames: int = 0) -> dict[str, Any]:
    """{"init_s", "track_s", "boxes": of the frames followed, "refits"}; the first run of a variant compiles.

    Args:
      variant: of `subject.Subject.tracker`, or "network" for that alone; None asks for the configuration in PySOT's
        spelling in place of a run.
    """
    if variant is None:
        return {"config": pysot_tree(subject.settings), "seed": subject.settings.seed}
    if variant == "network":
        init_s, track_s, _ = network.run(subject, frames - 1)
        return {"init_s": init_s, "track_s": track_s, "boxes": [], "refits": None}
    found = run(subject.runner(variant), subject.sequence(frames))
    return {
        "init_s": found.init_s,
        "track_s": found.track_s,
        "boxes": found.trajectory.boxes[1:].tolist(),
        "refits": subject.refits(variant, found.trajectory.verdicts),
    }
