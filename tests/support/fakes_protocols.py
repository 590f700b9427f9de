"""Fake benchmarks of every kind and a scripted tracker behind the command line, for the tests of drol_jax.eval."""

import time
import zlib
from dataclasses import dataclass, field, replace

import numpy as np
from scripted import AWAY, Config, FakeTracker, Online, ScriptedRunner, sequence, truthful

from drol_jax.datasets import SequenceEntry
from drol_jax.errors import UserError
from drol_jax.eval import cli

NAMES = ("ants", "bolt", "crabs")
FRAMES = 40


@dataclass
class Stage:
    """What happens, and what was done."""

    broken: tuple[str, ...] = ()
    """Sequences, or pieces of one, that cannot be tracked."""
    crashing: tuple[str, ...] = ()
    """Sequences on which the program is at fault."""
    interrupt_in: str | None = None
    """Ctrl-C in the piece of this name."""
    online: bool = True
    only_first_box: bool = False
    anchored: bool = False
    pause: float = 0.0
    """Seconds a piece takes."""
    pieces: list[str] = field(default_factory=list)

    def entries(self, only=None):
        return [
            SequenceEntry(name, lambda name=name: self.open(name)) for name in NAMES if only is None or name in only
        ]

    def load(self, name, root=None, only=None, seed=0, *, images=True):
        """Every dataset is the stage's; stands in for `drol_jax.datasets.load`."""
        return self.entries(only)

    def open(self, name):
        seq = sequence(FRAMES, name)
        if self.only_first_box:
            boxes = np.vstack([seq.boxes[:1], np.full((FRAMES - 1, 4), np.nan)])
            return replace(seq, boxes=boxes, only_first_box=True)
        if self.anchored:
            marks = np.zeros(FRAMES, np.int8)
            marks[[0, 10]], marks[30] = 1, -1
            return replace(seq, anchors=marks)
        return seq


class Scripted:
    """A tracker that fails now and then, and elsewhere under every name, seed and set of scalars."""

    def __init__(self, stage: Stage, online: bool, salt: str = ""):
        self.stage, self.online, self.salt = stage, online, salt

    def run(self, seq, seed, on_frame=None, until=None):
        self.stage.pieces.append(seq.name)
        time.sleep(self.stage.pause)
        if {seq.name, seq.name.split(",")[0]} & set(self.stage.broken):
            raise UserError(f"{seq.name}: frame 3 is cut short; copy it again")
        if seq.name.split(",")[0] in self.stage.crashing:
            raise MemoryError("out of memory\nand more of it")
        if seq.name == self.stage.interrupt_in:
            raise KeyboardInterrupt

        def script(frame, start, name):
            # Without the online subnet nothing is drawn, so that names do not matter.
            draws = f"{name} {seed}" if self.online else name.split(",")[0]
            drawn = zlib.crc32(f"{self.salt} {draws} {frame}".encode())
            shift = drawn % 1000 / 100 * (1 if self.online else 2)
            return AWAY if drawn % 17 == 0 else truthful(frame, start, name) + np.array([shift, 0, 0, 0])

        return ScriptedRunner(script).run(seq, seed, on_frame, until)


class Backend:
    def __init__(self, stage: Stage):
        self.stage = stage

    def load(self, config, weights, *, online):
        enabled = self.stage.online if online is None else online
        return FakeTracker(config, Config(Online(enabled)), {}), Scripted(self.stage, enabled)

    def vary(self, config, weights, variants):
        made = []
        for name, changes in variants.items():
            tracker = FakeTracker(f"{config}_{name}", Config(Online(True)), changes["hyper"])
            made.append((tracker, Scripted(self.stage, True, str(changes))))
        return made

    def environment(self):
        return {"jax": "fake"}

    def finish(self):
        pass


def run(stage: Stage, *arguments: str) -> int:
    """The program as a user calls it."""
    return cli.main(list(arguments), lambda _: Backend(stage), stage.load)
