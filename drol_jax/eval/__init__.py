"""``python -m drol_jax.eval``: benchmarks from the command line."""
