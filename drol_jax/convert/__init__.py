"""Converters of published weights, and the way back: `drol-jax convert`, and the scripts in `convert/`."""
