"""`python -m drol_jax.bench`: what trackers cost, in time and memory."""
