"""Where a track lives while the frame loop runs it: alone, frame by frame or a chunk of frames at a time."""

from collections.abc import Callable
from typing import Any, Protocol

import jax
import numpy as np

from drol_jax.compiling import Jitted
from drol_jax.config import Config, Hyper
from drol_jax.crops import Frame
from drol_jax.frames import flatten
from drol_jax.tracker import StepOutput, TrackerState, step

CHUNK = 16
"""Frames between two fetches of results: the host never waits for a single frame."""

Call = Callable[..., Any]
"""call(program, *arrays): a `Jitted` function of (config, variables, hyper, *arrays) on the tracker's own."""


class Seat(Protocol):
    """Where a track lives while it is run: alone, or in a lane beside others."""

    def start(self, picture: np.ndarray, state: TrackerState) -> None:
        """Take the track that starts in a picture."""
        ...

    def step(self, picture: np.ndarray) -> Any:
        """Follow it into the next one. Returns what `fetch` takes."""
        ...

    def fetch(self, outputs: list[Any]) -> list[StepOutput]:
        """Results on the host, in order. Fewer than a chunk of outputs are the track's last."""
        ...

    def leave(self) -> None:
        """The track has ended, or never began."""
        ...


class Alone:
    """A track by itself."""

    def __init__(self, call: Call):
        self._call = call

    def start(self, picture: np.ndarray, state: TrackerState) -> None:
        self._state = state

    def step(self, picture: np.ndarray) -> StepOutput:
        self._state, output = self._call(_step, self._state, frame_of(picture))
        return output

    def fetch(self, outputs: list[StepOutput]) -> list[StepOutput]:
        return jax.device_get(outputs)

    def leave(self) -> None:
        pass


class InChunks:
    """A track by itself, a chunk of frames in one program: for devices that the host could not feed frame by frame.

    The device works on one chunk while the next one's frames are gathered; so results come a chunk late.
    """

    def __init__(self, call: Call):
        self._call = call
        self._pictures: list[np.ndarray] = []
        self._under_way: list[StepOutput] = []

    def start(self, picture: np.ndarray, state: TrackerState) -> None:
        self._state = state

    def step(self, picture: np.ndarray) -> None:
        self._pictures.append(picture)

    def fetch(self, outputs: list[None]) -> list[StepOutput]:
        fresh = self._follow(self._pictures[: len(outputs)])
        self._pictures = []
        due, self._under_way = a_chunk_late(self._under_way, fresh, last=len(outputs) < CHUNK)
        found: list[StepOutput] = []
        for output in jax.device_get(due):
            rows = range(len(output.score)) if output.score.ndim else (...,)
            found += [jax.tree.map(lambda all, row=row: all[row], output) for row in rows]
        return found

    def _follow(self, pictures: list[np.ndarray]) -> list[StepOutput]:
        """What is on its way: one output of all frames for a whole chunk, else one for each frame."""
        found, frames = [], [pictures] if len(pictures) == CHUNK else pictures
        for some in frames:
            program, frame = (_steps, frames_of(some)) if isinstance(some, list) else (_step, frame_of(some))
            self._state, output = self._call(program, self._state, frame)
            found.append(output)
        return found

    def leave(self) -> None:
        pass


def a_chunk_late(held: list[Any], fresh: list[Any], *, last: bool) -> tuple[list[Any], list[Any]]:
    """(outputs to wait for now, outputs to hold back): fresh ones are waited for with the next chunk, or at the end."""
    return (held + fresh, []) if last else (held, fresh)


def frame_of(picture: np.ndarray) -> Frame:
    """A picture uint8 [H, W, 3] on the device, in one of few lengths."""
    return Frame(*jax.device_put(flatten(picture)))


def frames_of(pictures: list[np.ndarray]) -> Frame:
    """Pictures uint8 [H, W, 3] of one size on the device, T of them: pixels [T, N, 3], sizes [T, 2]."""
    pixels, sizes = zip(*map(flatten, pictures), strict=True)
    return Frame(*jax.device_put((np.stack(pixels), np.stack(sizes))))


def _follow_many(
    config: Config, variables: Any, hyper: Hyper, state: TrackerState, frames: Frame
) -> tuple[TrackerState, StepOutput]:
    return jax.lax.scan(lambda state, frame: step(config, variables, hyper, state, frame), state, frames)


_step = Jitted(step, static_argnums=0, donate_argnums=3)
_steps = Jitted(_follow_many, static_argnums=0, donate_argnums=3)
