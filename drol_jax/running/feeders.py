"""Frame feeders: they take a track's frames to the device, by themselves on a CPU or elsewhere, or in a lane."""

from collections import deque
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
from drol_jax.system.memory import give_back
from drol_jax.tracker.state import StepOutput, TrackerState
from drol_jax.tracker.step import step

CHUNK = 16
"""Frames between two fetches of results."""
BEHIND = 2
"""Chunks that a device is given before the results of the first are waited for: it works on one while the next lies
ready, and the frames of a third are gathered."""

Call = Callable[..., Any]
"""call(program, *arrays): a `Jitted` function of (model, *arrays) on the tracker's own model."""


class FrameFeeder(Protocol):
    """A track under way: its frames go in, its results come out; alone, or in a lane beside others."""

    def ahead(self, model: Model, state: TrackerState, image: np.ndarray) -> None:
        """Begin to compile what the track needs that starts in an image; of the state there are the shapes alone."""
        ...

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

    def ahead(self, model: Model, state: TrackerState, image: np.ndarray) -> None:
        pass  # programs of other devices are not kept, nor compiled apart

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

    Frames go a chunk at a time, or as many as lie in the memory that there is for them: 2^21 pixels for frames of up to
    2^19, 2^23 for others. Memory that is free is given back when a track with the online subnet has begun, as what
    begins it takes ten times what is left of that, and as any ends.
    """

    def ahead(self, model: Model, state: TrackerState, image: np.ndarray) -> None:
        pixels = jax.ShapeDtypeStruct((_room(image) * capacity(*image.shape[:2]), 3), np.uint8)
        frames: Any = Frame(pixels, jax.ShapeDtypeStruct((2,), np.int32))  # pyright: ignore[reportArgumentType]
        _so_many_steps.ahead(model, state, frames, jax.ShapeDtypeStruct((), np.int32))

    def start(self, image: np.ndarray, state: TrackerState) -> None:
        super().start(image, state)
        if state.online is not None:
            jax.block_until_ready(state)
            give_back()

    def leave(self) -> None:
        self._images = []
        give_back()

    def fetch(self, outputs: list[None]) -> list[StepOutput]:
        found: list[StepOutput] = []
        images = self._gathered()
        while images:
            room, (height, width) = _room(images[0]), images[0].shape[:2]
            most = min(CHUNK, room * capacity(height, width) // (height * width))
            some, images = images[:most], images[most:]
            frames, count = jax.device_put((in_a_row(some, room), np.int32(len(some))))
            self._state, output = self._call(_so_many_steps, self._state, Frame(*frames), count)
            found += apart(jax.device_get(output), len(some))
        return found


class LateFeeder(_Gathering):
    """A chunk of frames in one program, and results chunks late: for devices that the host could not feed otherwise."""

    def __init__(self, call: Call):
        super().__init__(call)
        self._under_way = UnderWay()

    def fetch(self, outputs: list[None]) -> list[StepOutput]:
        fresh = self._follow(self._gathered())
        found: list[StepOutput] = []
        for output in jax.device_get(self._under_way.exchange(fresh, last=len(outputs) < CHUNK)):
            found += apart(output, len(output.score)) if output.score.ndim else [output]
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


class UnderWay:
    """Outputs that the device is still at: those of the last chunks, `BEHIND` of them."""

    def __init__(self) -> None:
        self._chunks: deque[list[Any]] = deque()

    def exchange(self, fresh: list[Any], *, last: bool) -> list[Any]:
        """Take a chunk's outputs for those that are to be waited for now; at the end for all, in order."""
        self._chunks.append(fresh)
        due: list[Any] = []
        while self._chunks and (last or len(self._chunks) > BEHIND):
            due += self._chunks.popleft()
        return due


def room_for(length: int) -> int:
    """How many frames of so many pixels, padded, go together: a chunk of small ones, and as much memory of others."""
    return min(CHUNK, max(1, CHUNK * CAPACITIES[0] // length))


def _room(image: np.ndarray) -> int:
    """For how many frames like this one, padded, a track by itself has memory, be it filled with more of them."""
    length = capacity(*image.shape[:2])
    return CHUNK // 4 if length == CAPACITIES[0] else room_for(length)


def frame_of(image: np.ndarray) -> Frame:
    """An image uint8 [H, W, 3] on the device, in one of few lengths."""
    return Frame(*jax.device_put(flatten(image)))


def apart(output: StepOutput, count: int, lane: int | None = None) -> list[StepOutput]:
    """The outputs of each frame, out of one of several frames, [T, ...], or of a lane out of [T, B, ...]."""
    places = range(count) if lane is None else [(t, lane) for t in range(count)]
    return [jax.tree.map(lambda all, place=place: all[place], output) for place in places]


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
