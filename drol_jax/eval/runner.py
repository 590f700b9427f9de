"""What a protocol of running is called, and what it asks of the frame loop. Needs no jax."""

from collections.abc import Callable
from typing import Literal, Protocol

import numpy as np

from drol_jax import datasets
from drol_jax.results.runs import Trajectory

Kind = Literal["ope", "got10k", "longterm", "restart", "multistart", "r-ope"]
"""One pass; one pass with repetitions; one pass with confidences; restart after failures; runs from anchors;
VideoCube's restarts."""

Until = Callable[[int, np.ndarray], int | None]
"""When to end a run early, as `drol_jax.running.trajectory.Until`."""


class Runner(Protocol):
    """What tracks a sequence; `drol_jax.running.loop.Runner` is one."""

    def run(
        self,
        sequence: datasets.Sequence,
        seed: int,
        on_frame: Callable[[int], None] | None = None,
        until: Until | None = None,
    ) -> Trajectory: ...


OnFrame = Callable[[int], None]
