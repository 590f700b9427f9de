"""`drol-jax weights`: published weights listed, fetched, recognised. Beside it lie the bundled ones."""
