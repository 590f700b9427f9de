"""OpenCV's own trackers: TrackerNano with the same weights, and KCF and CSRT, which have none."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drol_jax.bench.children import Misuse, Worker
from drol_jax.bench.peers import Given, Match, convert
from drol_jax.bench.peers.published import interpreter_with
from drol_jax.config.network import backbone_facts, head_facts
from drol_jax.errors import UserError
from drol_jax.settings import load_model

NAME = "opencv"
"""What `--against` takes for it."""
WORKER = Path(__file__).with_name("opencv_worker.py")
SPOKEN = {"nano": "TrackerNano", "kcf": "KCF", "csrt": "CSRT"}


@dataclass(frozen=True, kw_only=True)
class OpenCv:
    """An interpreter with OpenCV, and a network for its TrackerNano."""

    python: str
    pair: tuple[Path, ...]
    """ONNX files, backbone and head, as the user named them; none: made of our weights where ours is such a network."""
    name = "OpenCV"

    @property
    def told(self) -> dict[str, Any]:
        return {"pair": [str(path) for path in self.pair]}

    def begin(self) -> Worker:
        return Worker([self.python, str(WORKER)])

    def meet(self, ours: Worker, theirs: Worker, given: Given) -> tuple[dict[str, Any], list[Match]]:
        pair = self.pair or _pair_of(given)
        loaded = theirs.ask("load", pair=[str(path) for path in pair], threads=given.threads)
        if not loaded["trackers"]:
            raise Misuse(
                f"OpenCV {loaded['opencv']} of {self.python} has neither KCF nor CSRT, which opencv-contrib-python "
                f"brings, and {given.case.config} is no network for its TrackerNano: name an interpreter that has "
                "them with --against-python"
            )
        told = {"opencv": loaded["opencv"], "their_device": "cpu"}
        return told, list(_matches(given.described["variants"], loaded["trackers"]))


def check(python: Path | None, pair: tuple[Path, ...]) -> OpenCv:
    """The other side, before the long work.

    Raises:
      UserError: the interpreter has no OpenCV, or a file is not there.
    """
    if pair and len(pair) != 2:
        raise UserError("--against-onnx names a backbone and a head with a comma between them, and nothing else")
    for path in pair:
        if not path.is_file():
            raise UserError(f"--against-onnx {path}: no such file")
    lacking = "--against opencv runs OpenCV, which {} has not: name an interpreter that has it with --against-python"
    return OpenCv(python=interpreter_with("cv2", python, lacking), pair=tuple(path.absolute() for path in pair))


def _pair_of(given: Given) -> tuple[Path, ...]:
    """Our weights for TrackerNano, which counts on maps of 16 cells; none where ours is another network."""
    model = load_model(given.case.config)
    if backbone_facts(model).kind != "mobilenetv3" or head_facts(model).kernel != 1:
        return ()
    folder = convert("to-opencv", given, given.scratch / "pair", "TrackerNano")
    return folder / "nanotrack_backbone.onnx", folder / "nanotrack_head.onnx"


def _matches(ours: list[str], theirs: list[str]) -> Iterator[Match]:
    for tracker in theirs:
        for variant in ours:
            yield Match(
                name=f"{tracker}, {variant}",
                spoken=f"subnet {variant}, {SPOKEN[tracker]}",
                ours=variant,
                theirs={"tracker": tracker},
                same=tracker == "nano" and variant == "off",
            )
