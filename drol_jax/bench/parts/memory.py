"""Peak memory of a process that tracks: host and device."""

import resource
import sys
from pathlib import Path
from typing import Any

import jax

from drol_jax.bench.subject import SEED, Subject
from drol_jax.running.loop import Runner

STATUS, STATM = Path("/proc/self/status"), Path("/proc/self/statm")


def measure(subject: Subject, variant: str, frames: int) -> dict[str, Any]:
    """{"host_peak_mib", "host_start_mib": before weights and programs, "device_peak_mib": None where unknown}.

    The process has compiled before and reads its programs from the cache, as any second run does.
    """
    start = resident_mib()
    Runner(subject.tracker(variant)).run(subject.sequence(frames), SEED)
    return {"host_peak_mib": peak_mib(), "host_start_mib": start, "device_peak_mib": device_peak_mib()}


def peak_mib() -> float:
    """Largest resident memory of this process so far."""
    if STATUS.exists():  # ru_maxrss counts what the parent held when it forked
        for line in STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def resident_mib() -> float | None:
    """Resident memory of this process now; None where the system does not tell."""
    if not STATM.exists():
        return None
    return int(STATM.read_text().split()[1]) * resource.getpagesize() / 1024**2


def device_peak_mib() -> float | None:
    """What the device's allocator has handed out at most; None where it does not tell."""
    found = jax.devices()[0].memory_stats() or {}
    return found["peak_bytes_in_use"] / 1024**2 if "peak_bytes_in_use" in found else None
