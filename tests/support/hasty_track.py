"""`drol-jax track` by a clock that runs twenty times as fast: what it keeps every 20 seconds, it keeps every second."""

import sys
import time

from drol_jax.system.arguments import parse
from drol_jax.system.program import guarded
from drol_jax.tracking.cli import PROGRAM, Arguments
from drol_jax.tracking.program import track_all

if __name__ == "__main__":
    arguments = parse(Arguments, sys.argv[1:], PROGRAM)
    sys.exit(guarded(lambda: track_all(arguments, lambda: 20 * time.monotonic())))
