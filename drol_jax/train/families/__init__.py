"""What the network of a family is trained on: `peak`, `anchors` and `points`, siblings of `drol_jax.tracker.families`.

Each has `targets(centre, size, config, ...)` and `losses(response, head, targets, present, config, settings, key)`.
Anchors and points also have `away`, how far answers are from what they should be, and `best_overlap`.
"""

from importlib import import_module
from typing import Any

from drol_jax.config import ModelConfig
from drol_jax.config.network import head_facts


def family(model: ModelConfig) -> Any:
    """The module of the family that a network's head belongs to."""
    return import_module(f"drol_jax.train.families.{head_facts(model).family}")
