"""Entry point of ``python -m drol_jax.bench``."""

import signal
import sys

from drol_jax.bench.cli import main

# A request to end is Ctrl-C: the measuring process is ended with this one, and the scratch folder goes.
signal.signal(signal.SIGTERM, signal.default_int_handler)
sys.exit(main())
