"""Siamese networks as pure Flax modules: `variables` in, arrays out; no tracking logic."""

from drol_jax.nets.heads import Response
from drol_jax.nets.siamese import Search, SiameseNet, Template, init_variables

__all__ = ["Response", "Search", "SiameseNet", "Template", "init_variables"]
