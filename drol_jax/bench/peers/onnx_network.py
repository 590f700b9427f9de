"""onnxruntime: the same network by itself, from a search region to its maps; and of a NanoTrack, whose whole frame is
a page of NumPy and OpenCV, that frame too, without learning."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drol_jax.bench.children import Failed, Worker
from drol_jax.bench.peers import Given, Match, written
from drol_jax.bench.peers.published import interpreter_with
from drol_jax.system.optional import optional

NAME = "onnxruntime"
"""What `--against` takes for it."""
NEEDED = ("jax2onnx", "onnxruntime")
"""Modules that this interpreter exports with."""
WORKER = Path(__file__).with_name("onnx_worker.py")
APART = 1e-3
"""Largest difference between both sides' maps, of their largest number or sum."""


@dataclass(frozen=True, kw_only=True)
class OnnxNetwork:
    """An interpreter with onnxruntime."""

    python: str
    name = NAME

    @property
    def told(self) -> dict[str, Any]:
        return {}

    def begin(self) -> Worker:
        return Worker([self.python, str(WORKER)])

    def meet(self, ours: Worker, theirs: Worker, given: Given) -> tuple[dict[str, Any], list[Match]]:
        folder, images = given.scratch / "onnx", given.scratch / "images.npz"
        weights = ["--weights", given.described["weights_path"]]
        written("drol_jax", ["export", "onnx", *weights], given, folder, NAME)
        made = ours.ask("network", images=str(images))
        files = {name: str(folder / f"{name}.onnx") for name in ("template", "match")}
        loaded = theirs.ask("load", **files, images=str(images), threads=given.threads, facts=made["facts"])
        for mine, other in zip(made["maps"], loaded["maps"], strict=True):
            if any(abs(a - b) > APART * max(abs(a), 1) for a, b in zip(mine, other, strict=True)):
                raise Failed(f"onnxruntime's maps are others than ours (largest and sum {other}, ours {mine})")
        told = {"onnxruntime": loaded["onnxruntime"], "their_device": "cpu"}
        matches = [Match(name="network", spoken="the network alone, onnxruntime", ours="network")]
        for variant in given.described["variants"] if loaded["whole"] else ():
            spoken = f"subnet {variant}, onnxruntime in Python"
            matches.append(
                Match(name=spoken, spoken=spoken, ours=variant, theirs={"whole": True}, same=variant == "off")
            )
        return told, matches


def check(python: Path | None) -> OnnxNetwork:
    """The other side, before the long work.

    Raises:
      UserError: the interpreter has no onnxruntime, or this one cannot export.
    """
    for module in NEEDED:
        optional(module, "'drol_jax[onnx]'")
    lacking = "--against onnxruntime runs it, which {} has not: name an interpreter that has it with --against-python"
    return OnnxNetwork(python=interpreter_with("onnxruntime", python, lacking))
