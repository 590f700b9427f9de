"""What a finished run leaves: weights with their card, and the curves."""

from typing import Any

import jax
import numpy as np

from drol_jax import checkpoint
from drol_jax.checkpoint.folder import TRAINED
from drol_jax.results.settings import environment
from drol_jax.settings.yaml_file import plain
from drol_jax.train.curves import draw_curves
from drol_jax.train.folder import RunFolder
from drol_jax.train.processes import is_first
from drol_jax.train.run import Plan
from drol_jax.train.state import TrainState

CURVES = "curves.png"


def write_outputs(plan: Plan, state: TrainState, folder: RunFolder, command: str) -> None:
    """Write the averaged weights as `drol_jax.load` takes them, and the curves; the first process does.

    Raises:
      UserError: they cannot be written.
    """
    if not is_first():
        return
    run, lines = plan.run, folder.lines()
    variables = jax.tree.map(lambda leaf: np.asarray(leaf, np.float32), jax.device_get(state.network))
    card = {"training": {"command": command, **summary(plan, lines)}}
    checkpoint.save(folder.path / TRAINED, variables, run.tracker.config.model, card, overwrite=True)
    title = f"{run.settings.name}, {plan.steps} steps, {run.settings.batch_size} pairs each"
    draw_curves(lines, folder.path / CURVES, title)


def summary(plan: Plan, lines: list[dict[str, Any]]) -> dict[str, Any]:
    """What there is to know about the run, as plain data for the card."""
    settings = plan.run.settings
    trained = [line for line in lines if "loss" in line]
    tracked = [{key: line[key] for key in ("step", "auc", "precision")} for line in lines if "auc" in line]
    return {
        "settings": plain(settings),
        "steps": plan.steps,
        "pairs": plan.steps * settings.batch_size,
        "seconds": max((line["seconds"] for line in lines), default=0.0),
        "initial_weights": plan.run.initial_hash,
        "environment": environment(),
        "final": trained[-1] if trained else {},
        "tracking": tracked,
    }
