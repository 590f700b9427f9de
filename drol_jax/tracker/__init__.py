"""`init` and `step`: one target, one frame, pure."""

from drol_jax.tracker.state import StepOutput, TrackerState
from drol_jax.tracker.step import init, step

__all__ = ["StepOutput", "TrackerState", "init", "step"]
