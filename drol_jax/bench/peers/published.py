"""The published PyTorch code: a checkout of PySOT or DROL, with the same weights."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drol_jax.bench.children import Worker
from drol_jax.bench.peers import Given, Match, convert
from drol_jax.errors import UserError

WORKER = Path(__file__).with_name("torch_worker.py")


@dataclass(frozen=True, kw_only=True)
class Published:
    """A checkout, and who runs it."""

    checkout: Path
    python: str
    """The interpreter that has PyTorch."""
    name = "PyTorch"

    @property
    def told(self) -> dict[str, Any]:
        return {"checkout": str(self.checkout)}

    def begin(self) -> Worker:
        return Worker([self.python, str(WORKER)])

    def meet(self, ours: Worker, theirs: Worker, given: Given) -> tuple[dict[str, Any], list[Match]]:
        spelled = ours.ask("against")
        weights = convert("to-pysot", given, given.scratch / "weights.pth", self.name)
        loaded = theirs.ask(
            "load",
            checkout=str(self.checkout),
            config=spelled["config"],
            weights=str(weights),
            device=given.described["platform"],
            threads=given.threads,
        )
        matches = _matches(given.described["variants"], loaded["subnet"], spelled["config"], spelled["seed"])
        return {"torch": loaded["torch"], "their_device": loaded["device"]}, list(matches)


def check(checkout: Path, python: Path | None) -> Published:
    """The checkout, before the long work.

    Raises:
      UserError: it is none, or the interpreter has no PyTorch.
    """
    if not (checkout / "pysot" / "models" / "model_builder.py").is_file():
        raise UserError(
            f"--against {checkout}: neither opencv, onnxruntime nor a PySOT or DROL checkout (no "
            "pysot/models/model_builder.py); clone one"
        )
    interpreter = interpreter_with(
        "torch",
        python,
        "--against runs PyTorch, which {} has not: name an interpreter that has it and yacs with --against-python",
    )
    return Published(checkout=checkout.absolute(), python=interpreter)


def interpreter_with(module: str, python: Path | None, lacking: str) -> str:
    """The interpreter that runs the other side.

    Args:
      module: what it must be able to import.
      python: as the user named it; None: this one.
      lacking: the message where it cannot, its place in braces.

    Raises:
      UserError: it is not there, or cannot.
    """
    if python is not None and not python.is_file():
        raise UserError(f"--against-python {python}: no such file; name an interpreter")
    # Absolute, and not resolved: a virtual environment's interpreter is a link.
    command = [str(python.absolute() if python else sys.executable), "-c", f"import {module}"]
    try:
        done = subprocess.run(command, capture_output=True)
    except OSError as error:
        raise UserError(f"--against-python {command[0]}: cannot be run ({error.strerror}); name a Python") from error
    if done.returncode:
        raise UserError(lacking.format(command[0]))
    return command[0]


def _matches(ours: list[str], subnet: bool, config: dict[str, Any], seed: int) -> Iterator[Match]:
    """Those that both have. The published SiamMask crashes with the short-term template, the long-term tracker never
    reads it."""
    off = {"online": False, "template": False, "seed": seed}
    yield Match(name="off", spoken="subnet off", ours="off", theirs=off, same=True)
    if subnet and "on" in ours:
        # Draws differ with the subnet on, and so do the boxes.
        yield Match(name="online", spoken="subnet on", ours="online", theirs=off | {"online": True})
        if config["TRACK"]["TYPE"] in ("SiamFCTracker", "SiamRPNTracker"):
            both = off | {"online": True, "template": True}
            yield Match(name="template", spoken="subnet and template update on", ours="template", theirs=both)
