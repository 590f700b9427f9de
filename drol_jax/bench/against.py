"""Ours and the published PyTorch code in turns: same weights, same frames, same number of cores, one run.

The machine's speed wanders; so each repetition runs one after the other, and their ratio is taken within it.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from drol_jax.bench import recipe
from drol_jax.bench.children import Failed, Misuse, Worker, start
from drol_jax.bench.plan import Case, Plan
from drol_jax.errors import UserError
from drol_jax.system.workers import cores

WORKER = Path(__file__).with_name("torch_worker.py")
TRIAL = 8
"""Frames on which thread counts are tried."""
VARIANTS = {"off": (False, False), "online": (True, False), "template": (True, True)}
"""Variant -> online subnet, short-term template."""
SPOKEN = {"off": "subnet off", "online": "subnet on", "template": "subnet and template update on"}


@dataclass(frozen=True, kw_only=True)
class Peer:
    """The published code."""

    checkout: Path
    python: str
    """The interpreter that has PyTorch."""


def check(checkout: Path, python: Path | None) -> Peer:
    """What `run` needs, before the long work.

    Raises:
      UserError: it is not there.
    """
    if not (checkout / "pysot" / "models" / "model_builder.py").is_file():
        raise UserError(
            f"--against {checkout}: no PySOT or DROL checkout (no pysot/models/model_builder.py); clone one"
        )
    if python is not None and not python.is_file():
        raise UserError(f"--against-python {python}: no such file; name an interpreter that has PyTorch")
    # Absolute, and not resolved: a virtual environment's interpreter is a link.
    command = [str(python.absolute() if python else sys.executable), "-c", "import torch"]
    try:
        done = subprocess.run(command, capture_output=True)
    except OSError as error:
        raise UserError(f"--against-python {command[0]}: cannot be run ({error.strerror}); name a Python") from error
    if done.returncode:
        raise UserError(
            f"--against runs PyTorch, which {command[0]} has not: name an interpreter that has it and yacs with "
            "--against-python"
        )
    return Peer(checkout=checkout.absolute(), python=command[0])


def run(plan: Plan, peer: Peer, tell: Callable[[str], None]) -> list[dict[str, Any]]:
    """Compare every case: what `_compare` tells of it, or {"error": why not}."""
    rows = []
    for case in plan.cases:
        row: dict[str, Any] = {"config": case.config, "precision": case.precision, "checkout": str(peer.checkout)}
        with tempfile.TemporaryDirectory(prefix="drol-bench-") as scratch:
            try:
                row |= _compare(plan, case, peer, Path(scratch), tell)
            except Failed as failure:
                if not (isinstance(failure, Misuse) and len(plan.cases) == 1):
                    tell(f"{case.label}: failed: {failure}")
                row |= failure.told()
        rows.append(row)
    return rows


def _compare(plan: Plan, case: Case, peer: Peer, scratch: Path, tell: Callable[[str], None]) -> dict[str, Any]:
    """{"platform", "weights", "torch", "threads", "variants": {variant: {"ours", "theirs": lists of runs}}}"""
    with start(case, scratch, threads=plan.threads, cache=plan.cache or scratch / "compiled") as ours:
        described = ours.ask("describe")
        spelled = ours.ask("against")
        weights = _converted(described["weights_path"], case.config, scratch / "weights.pth")
        video = scratch / "video.npy"
        np.save(video, np.stack(recipe.video(plan.frames)))
        with Worker([peer.python, str(WORKER)]) as theirs:
            loaded = theirs.ask(
                "load",
                checkout=str(peer.checkout),
                config=spelled["config"],
                weights=str(weights),
                device=described["platform"],
                threads=plan.threads,
            )
            turn = _Turn(
                plan, ours, theirs, {"video": str(video), "box": recipe.target_box(0), "seed": spelled["seed"]}
            )
            threads = turn.best_threads(lambda words: tell(f"{case.label}: {words}"))
            found = {
                variant: turn.take(variant, lambda words: tell(f"{case.label}: {words}"))
                for variant in _variants(described["variants"], loaded["subnet"], spelled["config"])
            }
    kept = {name: described[name] for name in ("platform", "device", "weights", "environment")}
    return kept | {"torch": loaded["torch"], "their_device": loaded["device"], "threads": threads, "variants": found}


def _variants(ours: list[str], subnet: bool, config: dict[str, Any]) -> Iterator[str]:
    """Those that both have. The published SiamMask crashes with the short-term template, the long-term tracker never
    reads it."""
    yield "off"
    if subnet and "on" in ours:
        yield "online"
        if config["TRACK"]["TYPE"] in ("SiamFCTracker", "SiamRPNTracker"):
            yield "template"


class _Turn:
    """The two sides, run one after the other."""

    def __init__(self, plan: Plan, ours: Worker, theirs: Worker, given: dict[str, Any]):
        self._plan, self._ours, self._theirs, self._given = plan, ours, theirs, given

    def best_threads(self, tell: Callable[[str], None]) -> int:
        """Leave the published code with as many threads as were asked for, else as many as it is fastest with."""
        if self._plan.threads is not None:
            return self._plan.threads
        self._their_run("off", 2)
        seconds = {}
        for count in range(1, len(cores()) + 1):
            self._theirs.ask("threads", count=count)
            seconds[count] = self._their_run("off", min(TRIAL, self._plan.frames))["track_s"]
        best = min(seconds, key=lambda count: seconds[count])
        self._theirs.ask("threads", count=best)
        tell(f"PyTorch is fastest with {best} threads")
        return best

    def take(self, variant: str, tell: Callable[[str], None]) -> dict[str, Any]:
        frames = self._plan.frames
        tell(f"{SPOKEN[variant]}: compiling")
        # All frames: on a GPU a whole chunk of them is another program than the ones left over.
        self._ours.ask("against", variant=variant, frames=frames)
        self._their_run(variant, 2)
        runs: dict[str, list[dict[str, Any]]] = {"ours": [], "theirs": []}
        for repetition in range(self._plan.repeat):
            tell(f"{SPOKEN[variant]}: {repetition + 1} of {self._plan.repeat}")
            runs["ours"].append(self._ours.ask("against", variant=variant, frames=frames))
            runs["theirs"].append(self._their_run(variant, frames))
        boxes = [np.array(runs[side][0]["boxes"]) for side in ("ours", "theirs")]
        for run in (*runs["ours"], *runs["theirs"]):
            del run["boxes"]
        # Draws differ with the subnet on, and so do the boxes.
        apart = float(np.abs(boxes[0] - boxes[1]).max()) if variant == "off" else None
        return runs | {"frames": frames, "largest_box_difference": apart}

    def _their_run(self, variant: str, frames: int) -> dict[str, Any]:
        online, template = VARIANTS[variant]
        return self._theirs.ask("run", frames=frames, online=online, template=template, **self._given)


def _converted(weights: str, config: str, output: Path) -> Path:
    arguments = [weights, "--config", config, "--output", str(output)]
    command = [sys.executable, "-m", "drol_jax.convert", "to-pysot", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise Failed(f"the weights cannot be written for PyTorch: {lines[-1] if lines else 'no reason given'}")
    return output
