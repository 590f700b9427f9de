"""Whom ours is measured beside: siblings of one interface, each played by a process of its own."""

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from drol_jax.bench.children import Failed, Worker
from drol_jax.bench.plan import Case


@dataclass(frozen=True, kw_only=True)
class Match:
    """One variant of ours beside one of theirs."""

    name: str
    """Key in the record."""
    spoken: str
    ours: str
    """Of `subject.Subject.tracker`."""
    theirs: dict[str, Any] = field(default_factory=dict)
    """What their worker's "run" is told beside the video."""
    same: bool = False
    """Both compute the same: it is told how far their boxes lie apart."""


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a comparison begins with."""

    case: Case
    described: dict[str, Any]
    """What our process says of itself."""
    threads: int | None
    scratch: Path


class Peer(Protocol):
    """Someone else's tracker."""

    @property
    def name(self) -> str:
        """Who it is, in a word."""
        ...

    @property
    def told(self) -> dict[str, Any]:
        """What the record says of it, whatever comes."""
        ...

    def begin(self) -> Worker:
        """Start its process, which answers "load", "threads" and "run"."""
        ...

    def meet(self, ours: Worker, theirs: Worker, given: Given) -> tuple[dict[str, Any], list[Match]]:
        """Load theirs with our weights.

        Returns:
          What the record says of it, its "their_device" too; and what is run in turns.

        Raises:
          Failed: it cannot be loaded; `Misuse` where the user can mend it.
        """
        ...


def convert(name: str, given: Given, output: Path, reader: str) -> Path:
    """Our weights in a form that they read, by `drol-jax convert NAME`.

    Raises:
      Failed: they cannot be written for the reader.
    """
    return written("drol_jax.convert", [name, given.described["weights_path"]], given, output, reader)


def written(module: str, arguments: list[str], given: Given, output: Path, reader: str) -> Path:
    """What `python -m MODULE ARGUMENTS` makes of our network.

    Raises:
      Failed: it cannot be written for the reader.
    """
    command = [sys.executable, "-m", module, *arguments, "--config", given.case.config, "--output", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise Failed(f"the weights cannot be written for {reader}: {lines[-1] if lines else 'no reason given'}")
    return output
