"""Convert weights of drol_jax back into a PySOT checkpoint: `drol-jax convert to-pysot`; `--help` tells how."""

import sys

from drol_jax.system.interrupts import start

if __name__ == "__main__":
    start("drol_jax.convert.cli", ["to-pysot", *sys.argv[1:]])
