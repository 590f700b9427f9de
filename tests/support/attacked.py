"""The commands that are attacked, as functions of the folder that they write to. They run in the folder of `dataset`.

Where a tracker, a network or a clock would take minutes, the command has the tests' own in its place: what it reads,
computes and writes is its own.
"""

import hashlib
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
import yaml
from fakes_protocols import Backend, Stage
from fakes_train import Squares, write_files
from programs import BOX, DATA, VOT

from drol_jax import __main__
from drol_jax.bench import cli as bench
from drol_jax.bench import measuring
from drol_jax.datasets.synth import load_synth
from drol_jax.eval import ablate_cli, calibrate_cli, render_cli
from drol_jax.system.program import guarded
from drol_jax.system.resources import data_path
from drol_jax.train import cli as train
from drol_jax.weights import get
from drol_jax.weights.arguments import GetArguments
from drol_jax.zoo import home
from drol_jax.zoo.registry import Entry, Registry

CHECKPOINT = Path(__file__).parents[1] / "golden" / "torch_siamrpn.pth"
MEASURED = {"config": "stand_in", "asked_device": None, "precision": None, "parts": {"loop": {"error": "not measured"}}}


def write_config(folder):
    """The configuration of CHECKPOINT, as a file."""
    model = {"backbone": "alexnetlegacy", "head": "depthwise_rpn", "width": 0.05, "head_channels": 8}
    hyper = {"penalty_k": 0.1, "window_influence": 0.4, "size_lr": 0.3}
    path = folder / "tiny.yaml"
    path.write_text(yaml.safe_dump({"model": model, "hyper": hyper}))
    return path


def typed(*arguments):
    """What a user types, with OUT for the folder to write to."""
    return lambda place: lambda _: __main__.main([str(one).replace("OUT", str(place)) for one in arguments])


def render(place):
    arguments = ["--every", "50", "--output", f"{place}/out"]
    return lambda _: guarded(lambda: render_cli.main(arguments, partial(load_synth, sequences=["dusk_car"])))


def ablate(place):
    stage = Stage()
    arguments = ["--groups", "G2", "--output", f"{place}/out"]
    return lambda _: guarded(lambda: ablate_cli.main(arguments, lambda _: Backend(stage), stage.load))


@dataclass(frozen=True)
class Signs:
    """Of boxes that are right the oftener, the more they look like the target."""

    likeness: np.ndarray
    overlap: np.ndarray
    drawn: np.ndarray
    online: None = None


def calibrate(place):
    rng = np.random.default_rng(0)
    likeness = rng.uniform(0, 1, 400)
    overlap = np.where(rng.uniform(0, 1, 400) < likeness, 0.9, 0.1)
    found = Signs(likeness, overlap, np.arange(400) % 2 == 1)
    arguments = ["--sequences", "dusk_car"]
    return lambda _: guarded(lambda: calibrate_cli.main(arguments, lambda _: lambda sequence: found))


def learn(place):
    training = write_files(Path.cwd())
    arguments = ["--config", str(training), "--steps", "1", "--output", f"{place}/out"]
    return lambda _: train.main(arguments, source=Squares())


def convert(place):
    config = write_config(Path.cwd())
    arguments = ("convert", "pysot", CHECKPOINT, "--config", config, "--output", "OUT/out.safetensors")
    return typed(*arguments)(place)


def take_weights(place):
    content = CHECKPOINT.read_bytes()
    entry = Entry(
        name="small",
        about="a small network",
        page="https://page.example",
        licence="MIT",
        configurations=(str(write_config(Path.cwd())),),
        converter="pysot",
        published={},
        file="model.pth",
        addresses=(),
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )

    def main(_):
        with patch.dict(os.environ, {home.VARIABLE: f"{place}/out"}):
            return guarded(partial(get.run, GetArguments(what=(str(CHECKPOINT),)), Registry({"small": entry})))

    return main


def measure(place):
    arguments = ["--only", "loop", "--json", f"{place}/out.json", "--plot", f"{place}/out.svg"]

    def main(_):
        with patch.object(measuring, "run", lambda plan, tell: [MEASURED]):
            return bench.main(arguments)

    return main


ONE = ("--sequences", "road")
FAST = ("--config", "siamfc_alex_tiny")
WRITING = {
    "score": typed("eval", "score", "--results", "results/net", *DATA, "--output", "OUT/out"),
    "film": typed("eval", "film", "--results", "results/net", *DATA, "--sequence", "road", "--output", "OUT/out.webp"),
    "render": render,
    "pack": typed("eval", "pack", "--results", "results/net", *VOT, "--output", "OUT/out.zip"),
    "eval": typed("eval", *DATA, *ONE, *FAST, "--output", "OUT/out"),
    "track": typed("track", "data/road/img", "--box", BOX, "--no-online", *FAST, "--output", "OUT/out"),
    "ablate": ablate,
    "tune": typed("tune", *DATA, *ONE, *FAST, "--space", "fusion=0.5", "--output", "OUT/out"),
    "train": learn,
    "convert": convert,
    "weights": take_weights,
    "bench": measure,
    "export": typed("export", "stablehlo", "--config", "siamfc_alex_tiny", "--baseline", "--output", "OUT/out"),
}
"""Commands that write."""
PRINTING = {
    "doctor": typed("eval", "doctor", *DATA),
    "calibrate": calibrate,
    "weights list": typed("weights", "list"),
    "weights card": typed("weights", "card", "nanotrack_v2"),
    "weights check": typed("weights", "check", data_path("weights") / "siamfc_alex_tiny/siamfc_alex_tiny.safetensors"),
    "help": typed("eval", "--help"),
    "commands": typed("--help"),
}
"""Commands that write to standard output alone."""
