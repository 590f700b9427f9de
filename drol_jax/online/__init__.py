"""The online classification subnet: fitted to the first frame, refitted while tracking."""

import drol_jax.model  # noqa: F401  `Hyper`, which everything here computes with, is a pytree from there on.
