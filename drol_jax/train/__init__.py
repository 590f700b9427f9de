"""Training Siamese networks: picture pairs, losses, the optimisation loop."""
