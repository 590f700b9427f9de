"""A folder of programs for a test of its own."""

import gc

import jax
import pytest
from jax.experimental.compilation_cache import compilation_cache

from drol_jax.system import kept
from drol_jax.system.compiling import Jitted


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """The folder of programs; none is there yet."""
    monkeypatch.setenv(kept.SWITCH, "1")
    wanted = {
        "jax_disable_most_optimizations": False,
        "jax_compilation_cache_dir": str(tmp_path),
        "jax_persistent_cache_min_compile_time_secs": 0.0,
    }
    before = {name: jax.config.values[name] for name in wanted}
    for name, value in wanted.items():
        jax.config.update(name, value)
    compilation_cache.reset_cache()
    jax.clear_caches()
    for program in gc.get_objects():
        if isinstance(program, Jitted):
            program._programs.clear()
    yield tmp_path / kept.FOLDER
    kept._surroundings.cache_clear()  # a test may have told it of other code
    for name, value in before.items():
        jax.config.update(name, value)
    compilation_cache.reset_cache()
