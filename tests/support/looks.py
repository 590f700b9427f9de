"""Appearances for states that are made by hand."""

import jax.numpy as jnp

from drol_jax.tracker.appearance import Appearance, G


def no_look(channels):
    """That of a target whose features are all zero: nothing is like it."""
    return Appearance(patch=jnp.zeros((G, G, channels)), mean=jnp.zeros(channels))
