"""What all tests share: how long hypothesis may take, what has been compiled, and how much a process keeps."""

import ctypes
import gc
import os
import shutil
import signal
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is slow, not wrong.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

COMPILED = "JAX_COMPILATION_CACHE_DIR"
GIGABYTE = 2**30
AS_USERS = "--xla_backend_optimization_level=1"
"""Programs that tests compile themselves are compiled as the library compiles its own on a CPU."""


def pytest_addoption(parser):
    parser.addoption("--deep", action="store_true", help="run deep tests too, and recorded tracks to their ends")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--deep"):
        skip = pytest.mark.skip(reason="takes half a minute and more: pass --deep")
        for item in items:
            if "deep" in item.keywords:
                item.add_marker(skip)


def pytest_configure(config):
    """Workers, and the programs that tests start, share what they compile. Said before any of them imports jax."""
    os.environ.setdefault("XLA_FLAGS", AS_USERS)
    if COMPILED not in os.environ:
        os.environ[COMPILED] = tempfile.mkdtemp(prefix="drol-jax-tests-")
        os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.1"
        config.add_cleanup(lambda: shutil.rmtree(os.environ.pop(COMPILED), ignore_errors=True))
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # As of a suite in the background; the programs that tests start would ignore Ctrl-C as well.
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="module")
def forgetful():
    """Compiled programs are kept in memory within a file, whose tests share them: they take gigabytes."""
    yield
    forget()


@pytest.fixture(autouse=True)
def lean(request):
    """Not even within a file of parity where they have taken one; others may count what is traced."""
    yield
    if "parity" not in request.path.parts:
        return
    with suppress(OSError, ValueError):  # other systems do not tell
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        if pages * os.sysconf("SC_PAGE_SIZE") > GIGABYTE:
            forget()


def forget():
    """Give compiled programs back to the system, where the C library can."""
    import jax

    jax.config.update("jax_enable_compilation_cache", True)  # which --no-cache switches off for the whole process
    jax.clear_caches()
    gc.collect()
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
