"""Compilation without care, for tests that compile more than they compute and compare with no recorded number."""

import pytest


@pytest.fixture(autouse=True, scope="module")
def quick_compilation():
    """Half the time. Tests of parity compile as users do: it must end with the module, or it reaches them."""
    import jax

    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)
