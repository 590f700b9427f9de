"""What a frame tells of a target: where it is, and where it was looked for."""

from dataclasses import dataclass

import numpy as np

from drol_jax.tracker.state import StepOutput
from drol_jax.tracks.table import TargetState


@dataclass(frozen=True, kw_only=True)
class Sight:
    """One target in one frame. Boxes in pixels of the frames as they are given."""

    name: str
    state: TargetState
    confidence: float
    box: np.ndarray | None
    """float64 [4] (x, y, w, h); None where it is not in sight."""
    overlap: tuple[str, ...] = ()
    """Names of the targets that it lies on."""
    output: StepOutput | None = None
    """What the tracker told, on the host; None in its first frame and while it is searched for."""


@dataclass(frozen=True, kw_only=True)
class Looked:
    """Where a target was looked for in the last frame."""

    score_map: np.ndarray
    """float32 [S, S], the online subnet's: 1 is the target."""
    box: tuple[float, float, float, float]
    """(x, y, w, h) that it covers, pixels of the frames as they are given."""
