"""The program ``drol-jax tune``: a tracker's scalars searched by Optuna, many settings in one pass."""
