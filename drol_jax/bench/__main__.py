"""Entry point of ``python -m drol_jax.bench``."""

import sys

from drol_jax.bench.cli import main

sys.exit(main())
