"""Which bundled configuration a file's arrays are of, where they are not of the one that was named."""

import numpy as np

from drol_jax.config import ModelConfig
from drol_jax.convert.names import pysot
from drol_jax.errors import UserError
from drol_jax.settings import available, load_model


def owners(state: dict[str, np.ndarray]) -> list[str]:
    """Bundled configurations whose network the arrays are, by PySOT's names."""
    known: dict[ModelConfig, bool] = {}
    found = []
    for name in available():
        model = load_model(name)
        if model not in known:
            # Names first: shapes have to be worked out.
            known[model] = _names(model) <= set(state) and not pysot.problems(state, model)
        if known[model]:
            found.append(name)
    return found


def hint(found: list[str]) -> str:
    """The end of a message about arrays of another network; empty where nobody's is known."""
    if not found:
        return ""
    give = f"give --config {found[0]}" if len(found) == 1 else "give one of them with --config"
    return f"; its arrays are those of {' or '.join(found)}: {give}"


def _names(model: ModelConfig) -> set[str]:
    try:
        return {entry.source for entry in pysot.table(model)}
    except UserError:  # no published checkpoint has such a network
        return {""}
