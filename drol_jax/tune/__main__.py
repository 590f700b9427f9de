"""``python -m drol_jax.tune``."""

from drol_jax.system.interrupts import start

if __name__ == "__main__":
    start("drol_jax.tune.cli")
