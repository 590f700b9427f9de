"""Siamese networks as pure Flax modules: `variables` in, arrays out; no tracking logic."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from drol_jax.config.network import feature_channels
from drol_jax.nets.heads.interface import Response
from drol_jax.nets.network import Network, Search, Template

if TYPE_CHECKING:
    from drol_jax.nets.siamese import SiameseNet, init_variables

__all__ = [
    "Network",
    "Response",
    "Search",
    "SiameseNet",
    "Template",
    "feature_channels",
    "init_variables",
]


if not TYPE_CHECKING:  # a type checker would take any misspelt name for one of these

    def __getattr__(name: str) -> Any:
        """The modules of flax are imported at first use: see `drol_jax.nets.network`."""
        if name not in ("SiameseNet", "init_variables"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module("drol_jax.nets.siamese"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
