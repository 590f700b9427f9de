"""Training Siamese networks: image pairs, losses, the optimisation loop."""
