"""What makes a trained network fast: normalisation folded in, kernels prepared, lesser precision."""
