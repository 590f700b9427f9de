"""Pairs rendered from a seed: no videos, no files, no end."""

from drol_jax.train.pairs.procedural.settings import ProceduralSettings
from drol_jax.train.pairs.procedural.source import Procedural

__all__ = ["Procedural", "ProceduralSettings"]
