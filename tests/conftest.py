"""What all tests share: how long hypothesis may take, and how much a process keeps."""

import ctypes
import gc
from contextlib import suppress

import jax
import pytest
from hypothesis import settings

# A busy machine is slow, not wrong.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


def pytest_addoption(parser):
    parser.addoption("--all-frames", action="store_true", help="run the deep trackers' recorded tracks to their ends")


@pytest.fixture(autouse=True, scope="module")
def forgetful():
    """Compiled programs are kept within a file, whose tests share them, and no longer: they take gigabytes."""
    yield
    jax.clear_caches()
    gc.collect()
    with suppress(AttributeError, OSError):  # what has been freed goes back to the system, where the C library can
        ctypes.CDLL(None).malloc_trim(0)
