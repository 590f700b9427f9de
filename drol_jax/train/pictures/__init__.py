"""Pictures for training, out of packages: downloaded by the package clients, checked, each with its licence."""
