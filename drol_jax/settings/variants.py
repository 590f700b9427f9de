"""The same tracker of another fidelity or precision, under a name that tells it: its results are another tracker's."""

from dataclasses import replace
from typing import Any, get_args

from drol_jax.config import Fidelity, Precision
from drol_jax.errors import UserError
from drol_jax.settings import Settings


def with_fidelity(settings: Settings, fidelity: Fidelity) -> Settings:
    """The same settings with this fidelity.

    Raises:
      UserError: no such fidelity.
    """
    return _with(settings, "fidelity", fidelity, get_args(Fidelity))


def with_precision(settings: Settings, precision: Precision) -> Settings:
    """The same settings with this precision.

    Raises:
      UserError: no such precision.
    """
    return _with(settings, "precision", precision, get_args(Precision))


def with_float32_samples(settings: Settings) -> Settings:
    """The same settings with the online memory's samples in float32. Its name stays: results differ by rounding."""
    return replace(settings, config=replace(settings.config, online=replace(settings.config.online, samples="float32")))


def _with(settings: Settings, field: str, value: str, choices: tuple[Any, ...]) -> Settings:
    if value not in choices:
        raise UserError(f"{field} is {value!r}; choose one of: {', '.join(choices)}")
    if getattr(settings.config, field) == value:
        return settings
    config = replace(settings.config, **{field: value})
    return replace(settings, name=f"{settings.name}_{value}", config=config)
