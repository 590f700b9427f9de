"""``python -m drol_jax.eval``."""

from drol_jax.eval.cli import main
from drol_jax.system.program import leave

if __name__ == "__main__":
    leave(main)
