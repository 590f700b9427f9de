"""The tracker of a setup, and the scalars of it that can be changed while it runs."""

from dataclasses import fields
from typing import Any, get_args, get_origin

from annotated_types import Ge, Gt, Interval, Lt

from drol_jax import checkpoint
from drol_jax.api import Tracker, load
from drol_jax.config import Hyper
from drol_jax.errors import UserError
from drol_jax.settings import load_settings
from drol_jax.studio.project import Setup
from drol_jax.zoo.home import kept_for
from drol_jax.zoo.registry import published

SLIDERS = {
    "fusion": (0.0, 1.0),
    "window_influence": (0.0, 1.0),
    "penalty_k": (0.0, 1.0),
    "size_lr": (0.0, 1.0),
    "not_found": (0.0, 1.0),
    "distractor": (0.0, 1.5),
    "hard_negative": (0.0, 1.5),
    "learning_rate": (0.0, 0.2),
    "refit_interval": (1.0, 50.0),
    "template_threshold": (0.0, 1.0),
    "template_interval": (1.0, 50.0),
}
"""Fields of `Hyper` on the page, with the least and the largest value that its sliders go to."""


def at_hand() -> list[str]:
    """Bundled configurations whose weights are here: those that come with drol_jax, and those that were fetched."""
    bundled = checkpoint.bundled()
    fetched = {name for entry in published().entries.values() for name in entry.configurations if kept_for(name)}
    return [*bundled, *sorted(fetched - set(bundled))]


def tracker_of(setup: Setup) -> Tracker:
    """Load a tracker, with the values of its own configuration.

    Raises:
      UserError: as `drol_jax.load`.
    """
    return load(setup.config, setup.weights, online=None if setup.online else False, cache=False)


def checked_setup(setup: Setup) -> Setup:
    """The setup, whose configuration exists and whose values are allowed.

    Raises:
      UserError: that is not so.
    """
    load_settings(setup.config)
    kinds = {field.name: field.type for field in fields(Hyper)}
    for name, value in setup.hyper.items():
        if name not in kinds:
            raise UserError(f"{name} is no setting; there are: {', '.join(kinds)}")
        _check(name, value, kinds[name])
    return setup


def _check(name: str, value: float, kind: Any) -> None:
    limits = _limits(kind)
    for limit in limits:
        least, above = getattr(limit, "ge", None), getattr(limit, "gt", None)
        most, below = getattr(limit, "le", None), getattr(limit, "lt", None)
        if (
            (least is not None and value < least)
            or (above is not None and value <= above)
            or (most is not None and value > most)
            or (below is not None and value >= below)
        ):
            raise UserError(f"{name} of {value:g} is outside of what is allowed ({limit})")


def _limits(kind: Any) -> list[Any]:
    """Limits in an annotation, however deep."""
    if isinstance(kind, Ge | Gt | Interval | Lt):
        return [kind]
    nested = get_args(kind) if get_origin(kind) is not None or hasattr(kind, "__metadata__") else ()
    more = getattr(kind, "__metadata__", ())
    return [limit for part in (*nested, *more) for limit in _limits(part)]
