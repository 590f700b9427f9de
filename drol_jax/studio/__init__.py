"""A studio in the browser: targets boxed, tracked, put right and looked into: `drol-jax studio`."""
