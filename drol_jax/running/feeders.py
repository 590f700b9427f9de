"""Frame feeders: they take a track's frames to the device, by themselves on a CPU or elsewhere, or in a lane."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.image.crops import Frame
from drol_jax.image.frames import CAPACITIES, capacity, flatten, flatten_all, in_a_row
from drol_jax.model import Model
from drol_jax.system.compiling import Jitted
from drol_jax.tracker.state import StepOutput, TrackerState
from drol_jax.tracker.step import step

CHUNK = 16
"""Frames between two fetches of results."""

Call = Callable[..., Any]
"""call(program, *arrays): a `Jitted` function of (model, *arrays) on the tracker's own model."""


class FrameFeeder(Protocol):
    """A track under way: its frames go in, its results come out; alone, or in a lane beside others."""

    def start(self, image: np.ndarray, state: TrackerState) -> None:
        """Take the track that starts in an image."""
        ...

    def step(self, image: np.ndarray) -> Any:
        """Follow it into the next one. Returns what `fetch` takes."""
        ...

    def fetch(self, outputs: list[Any]) -> list[StepOutput]:
        """Results on the host, in order. Fewer than a chunk of outputs are the track's last."""
        ...

    def leave(self) -> None:
        """The track has ended, or never began."""
        ...


class _Gathering:
    """A track by itself, whose frames are gathered until their results are asked for."""

    def __init__(self, call: Call):
        self._call = call
        self._images: list[np.ndarray] = []

    def start(self, image: np.ndarray, state: TrackerState) -> None:
        self._state = state

    def step(self, image: np.ndarray) -> None:
        self._images.append(image)

    def leave(self) -> None:
        pass

    def _gathered(self) -> list[np.ndarray]:
        images, self._images = self._images, []
        return images


class CountedFeeder(_Gathering):
    """Some frames in one program that is told how many: what it works in stays in the caches. For CPUs.

    Frames of up to 2^19 pixels go a chunk at a time, larger ones as many as lie in the same memory.
    """

    def fetch(self, outputs: list[None]) -> list[StepOutput]:
        found: list[StepOutput] = []
        images = self._gathered()
        while images:
            room = max(1, CHUNK * CAPACITIES[0] // capacity(*images[0].shape[:2]))
            some, images = images[:room], images[room:]
            frames, count = jax.device_put((in_a_row(some, room), np.int32(len(some))))
            self._state, output = self._call(_so_many_steps, self._state, Frame(*frames), count)
            found += _apart(jax.device_get(output), len(some))
        return found


class LateFeeder(_Gathering):
    """A chunk of frames in one program, and results a chunk late: for devices that the host could not feed otherwise.

    The device works on one chunk while the next one's frames are gathered.
    """

    def __init__(self, call: Call):
        super().__init__(call)
        self._under_way: list[StepOutput] = []

    def fetch(self, outputs: list[None]) -> list[StepOutput]:
        fresh = self._follow(self._gathered())
        due, self._under_way = a_chunk_late(self._under_way, fresh, last=len(outputs) < CHUNK)
        found: list[StepOutput] = []
        for output in jax.device_get(due):
            found += _apart(output, len(output.score)) if output.score.ndim else [output]
        return found

    def _follow(self, images: list[np.ndarray]) -> list[StepOutput]:
        """What is on its way: one output of all frames for a whole chunk, else one for each frame."""
        found = []
        for some in [images] if len(images) == CHUNK else [[image] for image in images]:
            whole = len(some) == CHUNK
            program, frame = (_steps, Frame(*jax.device_put(flatten_all(some)))) if whole else (_step, frame_of(*some))
            self._state, output = self._call(program, self._state, frame)
            found.append(output)
        return found


def a_chunk_late(held: list[Any], fresh: list[Any], *, last: bool) -> tuple[list[Any], list[Any]]:
    """(outputs to wait for now, outputs to hold back): fresh ones are waited for with the next chunk, or at the end."""
    return (held + fresh, []) if last else (held, fresh)


def frame_of(image: np.ndarray) -> Frame:
    """An image uint8 [H, W, 3] on the device, in one of few lengths."""
    return Frame(*jax.device_put(flatten(image)))


def _apart(output: StepOutput, count: int) -> list[StepOutput]:
    """The outputs of each frame, out of one of several frames."""
    return [jax.tree.map(lambda all, row=row: all[row], output) for row in range(count)]


def _follow_many(model: Model, state: TrackerState, frames: Frame) -> tuple[TrackerState, StepOutput]:
    return jax.lax.scan(lambda state, frame: step(model, state, frame), state, frames)


def _follow_so_many(
    model: Model, state: TrackerState, frames: Frame, count: jax.Array
) -> tuple[TrackerState, StepOutput]:
    """The first `count` of frames in a row (`in_a_row`), each read where it lies; zeros are told of up to a chunk."""
    area = frames.size[0] * frames.size[1]

    def frame(i: Any) -> Frame:
        return replace(frames, first=i * area)

    told = jax.eval_shape(lambda state: step(model, state, frame(0))[1], state)
    outputs = jax.tree.map(lambda x: jnp.zeros((CHUNK, *x.shape), x.dtype), told)

    def follow(i: jax.Array, carried: tuple[TrackerState, StepOutput]) -> tuple[TrackerState, StepOutput]:
        state, outputs = carried
        state, output = step(model, state, frame(i))
        return state, jax.tree.map(lambda all, x: all.at[i].set(x), outputs, output)

    return jax.lax.fori_loop(0, count, follow, (state, outputs))


_step = Jitted(step, donate_argnums=1)
_steps = Jitted(_follow_many, donate_argnums=1)
_so_many_steps = Jitted(_follow_so_many, donate_argnums=1)
