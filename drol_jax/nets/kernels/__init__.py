"""Convolutions and correlations in forms that compilers handle well."""

LAYOUT = ("NHWC", "HWIO", "NHWC")
"""Of images, kernels and results, as `jax.lax.conv_general_dilated` is told it."""
