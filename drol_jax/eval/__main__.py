"""Entry point of ``python -m drol_jax.eval``."""

from drol_jax.eval.cli import main
from drol_jax.system.program import leave

leave(main)
