"""How a response is read: `peak`, `anchors` and `points`, siblings of one interface.

Each has `search(model, state, frame)`; `maps(model, state, frame)`, what a search sees; `scales_of(search)`,
`places_a_cell(model)`, `SCORES_ARE_SHARES` and `NO_PENALTY`. Anchors and points also have
`read(response, config)`, from a response to probabilities and boxes, `confidence(side, config)`, and `encode` and
`decode` side by side. What a network of a family is trained on has siblings in `drol_jax.train.families`.
"""

from importlib import import_module
from typing import Any

from drol_jax.config import Config, ModelConfig
from drol_jax.config.network import head_facts


def family_of(config: Config) -> Any:
    """The family of a tracker: a researcher's own, else that of its network's head."""
    return config.own("family") or family(config.model)


def family(model: ModelConfig) -> Any:
    """The module of the family that a network's head belongs to."""
    return import_module(f"drol_jax.tracker.families.{head_facts(model).family}")
