"""Convert a drol_jax checkpoint back into a PySOT one; `--help` tells how."""

from drol_jax.convert.start import start

if __name__ == "__main__":
    start("flax_to_pysot")
