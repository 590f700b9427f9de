"""`drol-jax export`: trackers as files that run without drol_jax."""
