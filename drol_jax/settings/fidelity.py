"""The same tracker of another fidelity."""

from dataclasses import replace
from typing import get_args

from drol_jax.config import Fidelity
from drol_jax.errors import UserError
from drol_jax.settings import Settings


def with_fidelity(settings: Settings, fidelity: Fidelity) -> Settings:
    """The same settings with this fidelity, under a name that tells it: the results are another tracker's.

    Raises:
      UserError: no such fidelity.
    """
    if fidelity not in get_args(Fidelity):
        raise UserError(f"fidelity is {fidelity!r}; choose one of: {', '.join(get_args(Fidelity))}")
    if settings.config.fidelity == fidelity:
        return settings
    config = replace(settings.config, fidelity=fidelity)
    return replace(settings, name=f"{settings.name}_{fidelity}", config=config)
