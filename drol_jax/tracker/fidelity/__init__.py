"""Where the two fidelities differ in the tracker: `published` and `exact`, siblings with the same functions.

Crops, boxes, where maps are read, and how two templates compare. What differs in the online subnet is in
`online/geometry`.
"""

from types import ModuleType
from typing import Any

from drol_jax.config import Config
from drol_jax.tracker.fidelity import exact, published

FIDELITIES: dict[str, ModuleType] = {"published": published, "exact": exact}


def rules(config: Config) -> Any:
    """The module of the configuration's fidelity."""
    return FIDELITIES[config.fidelity]
