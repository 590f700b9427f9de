"""Processes that measure, spoken to in lines of JSON: one request in, one answer out.

Compile times and peak memory are a process's own, so each of them is taken in a fresh one.
"""

import json
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from drol_jax.bench.plan import PLATFORMS, Case, Plan
from drol_jax.errors import UserError
from drol_jax.system.resources import PACKAGE


class Failed(Exception):
    """A measurement that could not be made, and why, in one line."""

    def told(self) -> dict[str, Any]:
        """The same for the record: {"error"}, with "misuse" beside it where the user can mend it."""
        return {"error": str(self)}


class Misuse(Failed):
    """One that the user can mend. Where every measurement ends so, the program does."""

    def told(self) -> dict[str, Any]:
        return super().told() | {"misuse": True}


class Worker:
    """A child process that answers requests until it is closed."""

    def __init__(self, command: list[str], environment: dict[str, str] | None = None):
        self._noise = tempfile.TemporaryFile(mode="w+b")  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._noise,
            env=environment,
            text=True,
            encoding="utf-8",
        )

    def ask(self, what: str, **details: Any) -> dict[str, Any]:
        """What the child answers.

        Raises:
          Failed: it says that it could not, or it died; `Misuse` where it says that the user can mend it.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"do": what, **details}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise Failed(self._last_words())
        answer = json.loads(line)
        if "misuse" in answer:
            raise Misuse(answer["misuse"])
        if "error" in answer:
            raise Failed(answer["error"])
        return answer

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def _last_words(self) -> str:
        code = self._process.wait()
        self._noise.seek(0)
        lines = [line for line in self._noise.read().decode(errors="replace").splitlines() if line.strip()]
        what = "was killed, as the system does for want of memory" if code == -9 else f"ended with code {code}"
        return f"the measuring process {what}" + (f" ({lines[-1].strip()})" if lines else "")

    def close(self) -> None:
        """End the process."""
        if self.alive:
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._noise):
            if pipe is not None and not pipe.closed:
                with suppress(BrokenPipeError):
                    pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def start(case: Case, scratch: Path, *, plan: Plan, cache: Path | None) -> Worker:
    """A process that has jax on the case's device and its tracker at hand.

    Args:
      scratch: folder for weights and images made for the run.
      plan: tells the cores that it may use, and what is tracked.
      cache: folder that keeps compiled code; None: keep none.

    Raises:
      Failed: it cannot be started, or the tracker cannot be loaded; `Misuse` where the user can mend it: there is no
        such device, say.
    """
    worker = _on_device(case.device, plan.threads, cache, scratch)
    try:
        given = {"config": case.config, "weights": case.weights, "precision": case.precision, "plugin": case.plugin}
        worker.ask("prepare", **given, scratch=str(scratch), own=None if plan.own is None else asdict(plan.own))
    except BaseException:
        worker.close()
        raise
    return worker


def check_devices(plan: Plan) -> None:
    """Before the long work: whether each of several devices is there. One alone is looked for as its work begins.

    Raises:
      UserError: one is not.
    """
    devices = dict.fromkeys(case.device for case in plan.cases)
    for device in devices if len(devices) > 1 else ():
        try:
            _on_device(device, plan.threads, plan.cache).close()
        except Misuse as misuse:
            raise UserError(str(misuse)) from misuse
        except Failed:
            pass  # its case tells of it


def _on_device(device: str | None, threads: int | None, cache: Path | None, scratch: Path | None = None) -> Worker:
    """A process that has jax on a device and no tracker; what it leaves when it is killed is in the scratch folder."""
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(PACKAGE.parent), environment.get("PYTHONPATH", "")]))
    if device is not None:
        environment["JAX_PLATFORMS"] = PLATFORMS[device]
    if scratch is not None:
        environment["TMPDIR"] = str(scratch)
    worker = Worker([sys.executable, "-m", "drol_jax.bench.child"], environment)
    try:
        worker.ask("setup", device=device, threads=threads, cache=None if cache is None else str(cache))
    except BaseException:
        worker.close()
        raise
    return worker
