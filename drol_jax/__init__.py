"""Functional single-object tracking with online learning, in JAX.

Examples:
    >>> tracker = drol_jax.load("drol_nano")
    >>> state = tracker.init(frame, box)
    >>> state, output = tracker.step(state, frame)

What is named here is the library's interface; the modules below it may change from version to version.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from drol_jax.system.memory import uncollected

if TYPE_CHECKING:
    __version__: str
    """The installed version."""
    from drol_jax import datasets
    from drol_jax.api import Tracker, load
    from drol_jax.config.parts import Plugin
    from drol_jax.errors import UserError
    from drol_jax.eval.evaluate import evaluate
    from drol_jax.image.crops import Frame
    from drol_jax.image.frames import read as read_image
    from drol_jax.image.masks import full_frame, rotated_box
    from drol_jax.interop.got10k import Got10kTracker
    from drol_jax.model import Model
    from drol_jax.report.result import BenchmarkResult
    from drol_jax.running.loop import Runner, Trajectory
    from drol_jax.running.sequences import LockstepRunner
    from drol_jax.running.targets import Targets, targets
    from drol_jax.system.compiling import compiler_options
    from drol_jax.system.program import CacheArguments, make_ready
    from drol_jax.tracker.start import init, init_draws
    from drol_jax.tracker.state import StepOutput, TrackerState
    from drol_jax.tracker.step import step
    from drol_jax.tracking.api import FrameTracks, track
    from drol_jax.tracks.starts import Start
    from drol_jax.video.options import ReadOptions

_HOMES = {
    "BenchmarkResult": "drol_jax.report.result",
    "CacheArguments": "drol_jax.system.program",
    "Frame": "drol_jax.image.crops",
    "FrameTracks": "drol_jax.tracking.api",
    "Got10kTracker": "drol_jax.interop.got10k",
    "LockstepRunner": "drol_jax.running.sequences",
    "Model": "drol_jax.model",
    "Plugin": "drol_jax.config.parts",
    "ReadOptions": "drol_jax.video.options",
    "Runner": "drol_jax.running.loop",
    "Start": "drol_jax.tracks.starts",
    "StepOutput": "drol_jax.tracker.state",
    "Targets": "drol_jax.running.targets",
    "Tracker": "drol_jax.api",
    "TrackerState": "drol_jax.tracker.state",
    "Trajectory": "drol_jax.running.loop",
    "UserError": "drol_jax.errors",
    "compiler_options": "drol_jax.system.compiling",
    "evaluate": "drol_jax.eval.evaluate",
    "full_frame": "drol_jax.image.masks",
    "init": "drol_jax.tracker.start",
    "init_draws": "drol_jax.tracker.start",
    "load": "drol_jax.api",
    "make_ready": "drol_jax.system.program",
    "read_image": "drol_jax.image.frames:read",
    "rotated_box": "drol_jax.image.masks",
    "step": "drol_jax.tracker.step",
    "targets": "drol_jax.running.targets",
    "track": "drol_jax.tracking.api",
}
"""Public names and the modules that they come from, with the name there after a colon where it is another."""

__all__ = [
    "BenchmarkResult",
    "CacheArguments",
    "Frame",
    "FrameTracks",
    "Got10kTracker",
    "LockstepRunner",
    "Model",
    "Plugin",
    "ReadOptions",
    "Runner",
    "Start",
    "StepOutput",
    "Targets",
    "Tracker",
    "TrackerState",
    "Trajectory",
    "UserError",
    "compiler_options",
    "datasets",
    "evaluate",
    "full_frame",
    "init",
    "init_draws",
    "load",
    "make_ready",
    "read_image",
    "rotated_box",
    "step",
    "targets",
    "track",
]


if not TYPE_CHECKING:  # a type checker would take any misspelt name for one of these

    def __getattr__(name: str) -> Any:
        """Public names are imported at first use, so that `--help` and argument errors need not start jax."""
        if name == "__version__":
            return import_module("drol_jax.system.resources").version()
        if name == "datasets":
            return import_module("drol_jax.datasets")
        if name not in _HOMES:
            raise AttributeError(f"module 'drol_jax' has no attribute {name!r}")
        module, _, own = _HOMES[name].partition(":")
        with uncollected():
            found = getattr(import_module(module), own or name)
        globals()[name] = found  # the next use does not come here
        return found


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
