"""Siamese networks as pure Flax modules: `variables` in, arrays out; no tracking logic."""

from drol_jax.config.network import feature_channels
from drol_jax.nets.heads.interface import Response
from drol_jax.nets.siamese import Network, Search, SiameseNet, Template, init_variables

__all__ = [
    "Network",
    "Response",
    "Search",
    "SiameseNet",
    "Template",
    "feature_channels",
    "init_variables",
]
