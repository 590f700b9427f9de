"""Convert a PySOT, DROL or NanoTrack checkpoint: `drol-jax convert pysot`; `--help` tells how."""

import sys

from drol_jax.system.interrupts import start

if __name__ == "__main__":
    start("drol_jax.convert.cli", ["pysot", *sys.argv[1:]])
