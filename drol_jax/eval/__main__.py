"""Entry point of ``python -m drol_jax.eval``."""

import sys

from drol_jax.eval.cli import main

sys.exit(main())
