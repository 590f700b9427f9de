"""Whoever asks the bench to end is obeyed: no process goes on, no files lie about."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

pytest_plugins = ["bench_runs"]


def test_a_request_to_end_ends_the_measuring_process_too_and_leaves_no_files(plain_config, tmp_path):
    if not hasattr(os, "killpg"):
        pytest.skip("no groups of processes")
    often = ("--only", "disk", "--repeat", "100000")
    bench = subprocess.Popen(
        [sys.executable, "-m", "drol_jax.bench", "--config", str(plain_config), *often],
        env=os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert bench.stderr is not None
        assert "disk" in bench.stderr.readline()
        while not list(tmp_path.rglob("*.jpg")):
            assert bench.poll() is None
            time.sleep(0.05)
        bench.terminate()
        assert bench.wait(60) == 143
        assert bench.stderr.read() == "interrupted\n"
        assert list(tmp_path.iterdir()) == []
        with pytest.raises(ProcessLookupError):
            os.killpg(bench.pid, 0)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(bench.pid, signal.SIGKILL)
