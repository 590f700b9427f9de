"""`Hyper` as a pytree. This is the lowest room that computes with it; importing `drol_jax.online` registers it."""

from dataclasses import fields

import jax
import jax.numpy as jnp

from drol_jax.config import Hyper

WHOLE = ("refit_interval", "template_interval")

jax.tree_util.register_dataclass(Hyper)


def on_device(hyper: Hyper) -> Hyper:
    """The same with every leaf a JAX array: float32, int32 for the two intervals."""
    return Hyper(
        **{
            f.name: jnp.asarray(getattr(hyper, f.name), jnp.int32 if f.name in WHOLE else jnp.float32)
            for f in fields(Hyper)
        }
    )
