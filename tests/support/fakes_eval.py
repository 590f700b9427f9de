"""A fake tracker and benchmark for the tests of drol_jax.eval, as fixtures `world` and `run`."""

from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pytest
from scripted import Config, FakeTracker, Online

from drol_jax.datasets import Sequence, SequenceEntry, canonical
from drol_jax.errors import UserError
from drol_jax.eval import cli

NAMES = ("alpha", "beta", "gamma")
FRAMES = 8


@dataclass(frozen=True)
class Track:
    boxes: np.ndarray
    scores: np.ndarray
    online_scores: np.ndarray
    verdicts: np.ndarray
    templates: np.ndarray
    confidences: np.ndarray
    seconds: float
    compile_seconds: float


@dataclass
class World:
    """What happens, and what was done."""

    broken: tuple[str, ...] = ()
    unopenable: tuple[str, ...] = ()
    first_box_only: tuple[str, ...] = ()
    interrupt_at: int | None = None
    """Ctrl-C in mid-sequence after so many finished ones."""
    interrupt_loading: bool = False
    hyper: dict = field(default_factory=dict)
    online: bool = True
    left: float = 20.0
    """Of the groundtruth's boxes."""
    spread: float = 3
    """Pixels by which runs under different seeds lie apart at most."""
    done: list[tuple[str, bool, int]] = field(default_factory=list)
    finished_after: list[int] = field(default_factory=list)
    """How many sequences were done when the backend was told that all are."""

    def load(self, name, root=None, only=None, seed=0, *, images=True):
        """Stands in for `drol_jax.datasets.load`."""
        assert seed == 0
        canonical(name)
        unknown = set(only or ()) - set(NAMES)
        if unknown:
            raise UserError(f"unknown Synth sequence {unknown.pop()!r}; the nearest is 'alpha'")
        return [SequenceEntry(n, partial(self.open, n)) for n in NAMES if only is None or n in only]

    def open(self, name):
        if name in self.unopenable:
            raise UserError(f"{name}: groundtruth.txt is missing; unpack the sequence again")
        boxes = np.tile([self.left, 30, 40, 50], (FRAMES, 1))
        frames = (lambda: np.zeros((2, 2, 3), np.uint8),) * FRAMES
        attributes = ("OCC",) if name != "gamma" else ("OCC", "FM")
        alone = name in self.first_box_only
        boxes[1:] = np.nan if alone else boxes[1:]
        return Sequence(name, frames, boxes, attributes, origin=1, only_first_box=alone)


class FakeRunner:
    """Groundtruth, shifted by an amount that depends on the sequence, the seed and the subnet."""

    def __init__(self, world: World, online: bool):
        self.world, self.online = world, online

    def run(self, sequence, seed, on_frame=None, until=None):
        if sequence.name.split(",")[0] in self.world.broken:  # a repetition's name says which it is
            raise UserError(f"{sequence.name}: frame 3 is cut short; copy it again")
        for index in range(FRAMES):
            if on_frame is not None:
                on_frame(index)
            if self.world.interrupt_at == len(self.world.done) and index == 4:
                raise KeyboardInterrupt
        self.world.done.append((sequence.name, self.online, seed))
        rng = np.random.default_rng([seed, len(sequence.name), self.online])
        shift = rng.uniform(0, self.world.spread) + (0 if self.online else 5)
        boxes = np.add(np.tile(sequence.first_box, (FRAMES, 1)), (shift, 0, 0, 0))
        boxes[0] = sequence.boxes[0]
        scores = np.linspace(0, 1, FRAMES, dtype=np.float32)
        flags = np.zeros(FRAMES, np.int8)
        return Track(boxes, scores, scores, flags, flags, scores, seconds=0.25, compile_seconds=1.5)

    def with_lanes(self, lanes):
        return self

    def lanes_to_try(self, most):
        return (1, 2) if most > 1 else (1,)

    trial = FRAMES


class FakeBackend:
    def __init__(self, world: World):
        self.world = world

    def load(self, config, weights, *, online):
        if self.world.interrupt_loading:
            raise KeyboardInterrupt
        if config == "unheard_of":
            raise UserError("unknown configuration 'unheard_of'; the nearest is 'siamrpn_alex_tiny'")
        enabled = self.world.online if online is None else online
        return FakeTracker(config, Config(Online(enabled)), self.world.hyper), FakeRunner(self.world, enabled)

    def environment(self):
        return {"jax": "fake"}

    def finish(self):
        self.world.finished_after.append(len(self.world.done))


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def run(world, tmp_path, capsys):
    """Runs the program, without a page unless one is wanted; gives exit code, standard output and standard error."""

    def run(*arguments, output=tmp_path / "results", report=False):
        quiet = () if report else ("--no-report",)
        code = cli.main([*arguments, *quiet, "--output", str(output)], lambda _: FakeBackend(world), world.load)
        return code, *capsys.readouterr()

    return run
