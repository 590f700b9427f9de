"""``python -m drol_jax.train``."""

import sys

from drol_jax.train.cli import main

if __name__ == "__main__":
    sys.exit(main())
