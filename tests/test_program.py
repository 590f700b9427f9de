"""What every program sets up before it computes."""

import platform
import subprocess
import sys

import pytest

FILL = """
import resource, sys
import numpy as np
from drol_jax.program import keep_memory

assert sys.argv[1] == "plain" or keep_memory()
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(16 << 20, np.float32)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
first = faults()
print(sum(faults() for _ in range(4)) / first)
"""


def faults_after_the_first_of_its_kind(kind: str) -> float:
    run = subprocess.run([sys.executable, "-c", FILL, kind], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return float(run.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this system's C library cannot be told to keep memory")
def test_memory_that_is_kept_need_not_be_mapped_again():
    assert faults_after_the_first_of_its_kind("kept") < 0.1
    assert faults_after_the_first_of_its_kind("plain") > 3
