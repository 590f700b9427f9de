"""Convert a PySOT, DROL or NanoTrack checkpoint; `--help` tells how."""

from drol_jax.convert.start import start

if __name__ == "__main__":
    start("pysot_to_flax")
