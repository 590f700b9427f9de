"""Convert a network of the original SiamFC release; `--help` tells how."""

from drol_jax.convert.start import start

if __name__ == "__main__":
    start("siamfc_mat_to_flax")
