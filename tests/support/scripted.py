"""A tracker that does what a script says, frame by frame, behind the interface of the frame loop."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import numpy as np

from drol_jax.datasets import Sequence
from drol_jax.errors import UserError

CHUNK = 4


@dataclass(frozen=True)
class Numbered:
    """A frame that knows its place in the whole sequence."""

    index: int
    height: int = 96
    width: int = 128

    def __call__(self) -> np.ndarray:
        return np.full((self.height, self.width, 3), self.index % 256, np.uint8)


@dataclass(frozen=True)
class Track:
    boxes: np.ndarray
    scores: np.ndarray
    online_scores: np.ndarray
    verdicts: np.ndarray
    templates: np.ndarray
    confidences: np.ndarray
    polygons: np.ndarray | None
    seconds: float
    compile_seconds: float


@dataclass(frozen=True)
class Online:
    enabled: bool
    samples: str = "bfloat16"


@dataclass(frozen=True)
class Config:
    online: Online


@dataclass(frozen=True)
class FakeTracker:
    name: str
    config: Config
    """With what the settings leave to the machine decided."""
    hyper: dict
    seed: int = 0
    weights_hash: str = "ab12"

    @property
    def settings(self):
        online = replace(self.config.online, samples="auto")
        return SimpleNamespace(config=replace(self.config, online=online))


@dataclass
class ScriptedRunner:
    """Reports `script(frame, start, name)`; None is a frame that cannot be tracked.

    Results are shown to `until` a chunk at a time, as the frame loop does.
    """

    script: Callable[[int, int, str], np.ndarray | None]
    pieces: list[tuple[str, int]] = field(default_factory=list)
    """Name and number of frames of what was asked for."""

    def run(self, sequence, seed, on_frame=None, until=None):
        self.pieces.append((sequence.name, len(sequence)))
        places = [source.index for source in sequence.frames]
        rows = [sequence.first_box]
        for first in range(1, len(places), CHUNK):
            chunk = [self.script(place, places[0], sequence.name) for place in places[first : first + CHUNK]]
            good = chunk[: next((i for i, row in enumerate(chunk) if row is None), len(chunk))]
            kept = until(first, np.array(good)) if until and good else None
            rows += good[:kept]
            if kept is not None:
                break
            if len(good) < len(chunk):
                raise UserError(f"{sequence.name}: frame {first + len(good)} is cut short; copy it again")
        for index in range(len(rows)):
            if on_frame is not None:
                on_frame(index)
        count = len(rows)
        scores = np.array([np.nan, *((place * 7 % 10) / 10 for place in places[1:count])], np.float32)
        polygons = None
        if count > 1 and len(rows[1]) == 8:
            x, y, w, h = rows[0]
            polygons = np.array([[x, y, x + w, y, x + w, y + h, x, y + h], *rows[1:]])
            rows = [rows[0], *(np.array([0.0, 0, 5, 5]) for _ in rows[1:])]
        return Track(
            boxes=np.array(rows, np.float64),
            scores=scores,
            online_scores=scores,
            verdicts=np.zeros(count, np.int8),
            templates=np.zeros(count, np.int8),
            confidences=scores,
            polygons=polygons,
            seconds=0.5 * count,
            compile_seconds=0.0,
        )


def sequence(frames: int = 40, name: str = "ball", **fields) -> Sequence:
    """A target that moves to the right."""
    boxes = np.array([[10.0 + i, 20, 30, 20] for i in range(frames)])
    return Sequence(name, tuple(Numbered(i) for i in range(frames)), **{"boxes": boxes, "size": (96, 128)} | fields)


AWAY = np.array([0.0, 80, 5, 5])
"""A box that meets the target nowhere."""


def truthful(frame: int, start: int, name: str) -> np.ndarray:
    return np.array([10.0 + frame, 20, 30, 20])


def failing_at(*frames: int) -> Callable[[int, int, str], np.ndarray]:
    """The groundtruth, but in some frames."""
    return lambda frame, start, name: AWAY if frame in frames else truthful(frame, start, name)
