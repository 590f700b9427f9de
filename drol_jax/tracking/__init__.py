"""Any video: a source of frames, start boxes, and what is found in every frame: `drol-jax track`."""
