"""Functional single-object tracking with online learning, in JAX."""
