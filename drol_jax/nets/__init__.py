"""Siamese networks as pure Flax modules: `variables` in, arrays out; no tracking logic."""

from drol_jax.nets.heads.rpn import Response
from drol_jax.nets.siamese import Network, Search, SiameseNet, Template, feature_channels, first_cell, init_variables

__all__ = [
    "Network",
    "Response",
    "Search",
    "SiameseNet",
    "Template",
    "feature_channels",
    "first_cell",
    "init_variables",
]
