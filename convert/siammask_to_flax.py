"""Convert a checkpoint of the original SiamMask release: `drol-jax convert siammask`; `--help` tells how."""

import sys

from drol_jax.system.interrupts import start

if __name__ == "__main__":
    start("drol_jax.convert.cli", ["siammask", *sys.argv[1:]])
