"""Functional single-object tracking with online learning, in JAX.

Examples:
    >>> tracker = drol_jax.load("siamrpn_alex_tiny")
    >>> state = tracker.init(frame, box)
    >>> state, output = tracker.step(state, frame)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drol_jax.api import Tracker, load
    from drol_jax.errors import UserError
    from drol_jax.model import Model
    from drol_jax.running.targets import Targets, targets
    from drol_jax.system.compiling import compiler_options
    from drol_jax.tracker.start import init, init_draws
    from drol_jax.tracker.state import StepOutput, TrackerState
    from drol_jax.tracker.step import step

_HOMES = {
    "Model": "drol_jax.model",
    "StepOutput": "drol_jax.tracker.state",
    "TrackerState": "drol_jax.tracker.state",
    "init": "drol_jax.tracker.start",
    "init_draws": "drol_jax.tracker.start",
    "step": "drol_jax.tracker.step",
    "Targets": "drol_jax.running.targets",
    "Tracker": "drol_jax.api",
    "UserError": "drol_jax.errors",
    "compiler_options": "drol_jax.system.compiling",
    "load": "drol_jax.api",
    "targets": "drol_jax.running.targets",
}

__all__ = [
    "Model",
    "StepOutput",
    "Targets",
    "Tracker",
    "TrackerState",
    "UserError",
    "compiler_options",
    "init",
    "init_draws",
    "load",
    "step",
    "targets",
]


def __getattr__(name: str) -> Any:
    """Public names are imported at first use, so that `--help` and argument errors need not start jax."""
    if name not in _HOMES:
        raise AttributeError(f"module 'drol_jax' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
