"""Convert a checkpoint of the original SiamMask release; `--help` tells how."""

from drol_jax.convert.start import start

if __name__ == "__main__":
    start("siammask_to_flax")
