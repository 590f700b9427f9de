"""``python -m drol_jax.train``."""

from drol_jax.system.program import leave
from drol_jax.train.cli import main

if __name__ == "__main__":
    leave(main)
