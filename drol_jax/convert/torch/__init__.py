"""PyTorch's files as numpy arrays, without PyTorch."""
