"""What layers and the weights that they take agree on."""

BATCH_NORM_EPSILON = 1e-5
"""Added to variances before their root is taken."""
FAST_KERNELS = "fast_kernels"
"""Collection of variables that `inference.prepare` adds: kernels in the form that the CPU convolves fastest with."""
