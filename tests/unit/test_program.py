"""What every program sets up before it computes, and how it ends."""

import os
import platform
import subprocess
import sys

import pytest

from drol_jax.system.program import guarded

told = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="this system's C library cannot be told to keep memory"
)

FILL = """
import resource, sys
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from drol_jax.system.program import keep_memory, keep_memory_no_longer

assert sys.argv[1] == "plain" or keep_memory(1 if sys.argv[1] == "one store" else None)
if sys.argv[1] == "no longer":
    keep_memory_no_longer()
def faults(size):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(size, np.float32)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
with ThreadPoolExecutor(1) as thread:
    for size in (16 << 20, 1 << 20):
        for run in (faults, lambda size: thread.submit(faults, size).result()):
            first = run(size)
            print(sum(run(size) for _ in range(4)) / max(first, 100))
"""


def faults_beside_the_first(kind: str) -> list[float]:
    """In four more allocations over those in the first: large ones in the main thread and another, then small ones."""
    run = subprocess.run([sys.executable, "-c", FILL, kind], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return [float(line) for line in run.stdout.split()]


@told
def test_memory_that_is_kept_need_not_be_mapped_again():
    assert max(faults_beside_the_first("one store")) < 0.1
    for kind in ("plain", "no longer"):
        assert max(faults_beside_the_first(kind)) > 0.5


@told
def test_the_main_thread_keeps_its_memory_also_where_threads_have_stores_of_their_own():
    large, _, small, _ = faults_beside_the_first("a store each")
    assert max(large, small) < 0.1


def test_a_path_that_cannot_be_looked_for_is_one_line(capsys, tmp_path):
    long = tmp_path / ("x" * 300)
    assert guarded(lambda: int(long.exists())) == 2
    assert capsys.readouterr().err == f"error: {long}: File name too long; check the path and its permissions\n"


@pytest.mark.parametrize("error", [OSError(5, "broken", "disk"), OSError(13, "not allowed"), BrokenPipeError()])
def test_another_error_of_the_system_is_not_taken_for_misuse(error):
    def run():
        raise error

    with pytest.raises(type(error)):
        guarded(run)


@pytest.mark.parametrize(
    ("notes", "told"), [([], "interrupted\n"), (["more is to come"], "interrupted; more is to come\n")]
)
def test_an_interrupt_is_one_word_and_what_is_noted_with_it(notes, told, capsys):
    def run():
        stop = KeyboardInterrupt()
        for note in notes:
            stop.add_note(note)
        raise stop

    assert guarded(run) == 130
    assert capsys.readouterr().err == told


@pytest.mark.parametrize("program", ["eval", "train", "bench"])
def test_a_reader_that_has_gone_is_no_traceback(program):
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", f"drol_jax.{program}", "--help"]
    run = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    os.close(writer)
    assert (run.returncode, run.stderr) == (141, "")


def kept_in(folder, arguments, **environment):
    """What jax keeps compiled code in after a program was made ready: its folder, and whether it uses it."""
    told = f"""
import jax
from pathlib import Path
from drol_jax.system.program import CacheArguments, keep_compiled

keep_compiled(CacheArguments({arguments}))
print(jax.config.jax_compilation_cache_dir, jax.config.jax_enable_compilation_cache)
"""
    environment = {**os.environ, "HOME": str(folder), "JAX_COMPILATION_CACHE_DIR": "", **environment}
    run = subprocess.run([sys.executable, "-c", told], env=environment, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


@pytest.mark.slow
def test_compiled_code_is_kept_where_the_arguments_say_or_the_environment_or_at_home(tmp_path):
    told = {"JAX_COMPILATION_CACHE_DIR": str(tmp_path / "told")}
    assert kept_in(tmp_path, "") == [str(tmp_path / ".cache/drol_jax"), "True"]
    assert kept_in(tmp_path, "", **told) == [str(tmp_path / "told"), "True"]
    assert kept_in(tmp_path, f"cache_dir=Path('{tmp_path}/asked')", **told) == [str(tmp_path / "asked"), "True"]
    assert kept_in(tmp_path, "no_cache=True", **told)[-1] == "False"
