"""Entry point of ``python -m drol_jax.bench``."""

import signal

from drol_jax.bench.cli import main
from drol_jax.system.program import leave

# A request to end is Ctrl-C: the measuring process is ended with this one, and the scratch folder goes.
signal.signal(signal.SIGTERM, signal.default_int_handler)
leave(main)
