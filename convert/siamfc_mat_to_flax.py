"""Convert a network of the original SiamFC release: `drol-jax convert siamfc`; `--help` tells how."""

import sys

from drol_jax.system.interrupts import start

if __name__ == "__main__":
    start("drol_jax.convert.cli", ["siamfc", *sys.argv[1:]])
