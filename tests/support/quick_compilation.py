"""Compilation without care, for tests that compile more than they compute and compare with no recorded number."""

import pytest


@pytest.fixture(autouse=True, scope="package")
def quick_compilation():
    """Half the time. Tests of parity compile as users do."""
    import jax

    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)
