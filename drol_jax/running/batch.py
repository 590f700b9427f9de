"""Sequences that are stepped together, as one batch: a chunk of frames of every lane in one program.

A lane that has handed in its chunk waits for the others'; whoever comes last starts the program. Each uploads its own
frames: in one piece they would be copied by one thread. Frames of any size go together, in rows as long as the largest
among them asks for: there is one program for each such length. A chunk that is shorter, a sequence's last, leaves its
lane at rest for what is left of the round.

Letters: B lanes, T frames of a round.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.image.frames import capacity, in_a_row
from drol_jax.model import Model
from drol_jax.running.feeders import CHUNK, UnderWay, apart, room_for
from drol_jax.running.lanes import LaneState, lanes_like
from drol_jax.running.loop import Runner
from drol_jax.running.rounds import PUT, follow_rows
from drol_jax.system.workers import Watch
from drol_jax.tracker.state import StepOutput, TrackerState


@dataclass(frozen=True, eq=False)
class _Round:
    """What a round gave to one of its lanes."""

    outputs: StepOutput
    """[T, B, ...], on the device."""
    slot: int
    count: int
    """Frames that the lane had in it."""


class Lane:
    """A track beside others in a batch; a `FrameFeeder`."""

    def __init__(self, batch: Callable[[], "Batch"], watch: Watch):
        """Take what gives the batch, another one where that has broken."""
        self._batch_now, self._watch = batch, watch
        self._batch: Batch | None = None
        self._slot = 0
        self._images: list[np.ndarray] = []
        self._under_way = UnderWay()

    def ahead(self, model: Model, state: TrackerState, image: np.ndarray) -> None:
        pass  # all lanes share one program, which the first that comes compiles

    def start(self, image: np.ndarray, state: TrackerState) -> None:
        while True:
            batch = self._batch_now()
            if (slot := batch.enter(self._watch, state, capacity(*image.shape[:2]))) is not None:
                self._batch, self._slot = batch, slot
                return

    def step(self, image: np.ndarray) -> None:
        self._images.append(image)

    def fetch(self, outputs: list[None]) -> list[StepOutput]:
        last = len(outputs) < CHUNK
        images, self._images = self._images, []
        rounds = self._follow(images)
        if last:  # the others go on while this one waits for its results
            self.leave()
        due: list[_Round] = self._under_way.exchange(rounds, last=last)
        found: list[StepOutput] = []
        # An array keeps what was fetched of it, so that the other lanes have it for nothing.
        for part, output in zip(due, jax.device_get([part.outputs for part in due]), strict=True):
            found += apart(output, part.count, part.slot)
        return found

    def leave(self) -> None:
        if self._batch is not None:
            self._batch.leave(self._slot)
            self._batch = None

    def _follow(self, images: list[np.ndarray]) -> list[_Round]:
        assert self._batch is not None
        rounds = []
        while images:
            length = self._batch.length
            some, images = images[: room_for(length)], images[room_for(length) :]
            rounds.append(_Round(self._batch.step(self._slot, some, length), self._slot, len(some)))
        return rounds


class Batch:
    """Lanes that are stepped together, whenever each of them that is taken has its next frames."""

    def __init__(self, runner: Runner, lanes: int):
        """Take a runner, for its model and compiled programs, and B."""
        self._runner, self._count = runner, lanes
        self._model = runner.tracker.model
        self._changed = threading.Condition()
        self._lanes: LaneState | None = None
        self._taken: dict[int, int] = {}
        """Slot -> padded length of its frames."""
        self._awaited: set[int] = set()
        """Taken ones that are in the round."""
        self._ready: set[int] = set()
        self._round, self._outputs = 0, None
        self._length = 0
        """Pixels of a frame in this round, padded."""
        self._rows: dict[int, Any] = {}
        """Slot -> its frames of this round, on the device."""
        self._blank: dict[int, Any] = {}
        """Length -> the row of a lane without frames."""
        self.broken: BaseException | None = None
        self._put: Any = None
        self._steps: dict[int, Any] = {}

    @property
    def length(self) -> int:
        """Pixels that each frame has room for in this round, which does not go without those who are in it."""
        with self._changed:
            return self._length

    def enter(self, watch: Watch, state: TrackerState, length: int) -> int | None:
        """Put a track into a free lane, and wait for one; length: of its frames, padded. None: the lanes broke."""
        put, step = self._programs(watch, state, length)
        with watch.aside():
            self._changed.acquire()
        try:
            self._put, self._steps[length] = put, step
            if self._lanes is None:
                self._lanes = lanes_like(state, self._count)
            with watch.aside():
                while len(self._taken) == self._count and self.broken is None:
                    self._changed.wait()
            if self.broken is not None:
                return None
            slot = min(set(range(self._count)) - set(self._taken))
            with self._breaking():
                self._lanes = self._put(self._lanes, np.int32(slot), state)
                if length not in self._blank:
                    self._blank[length] = jax.device_put(np.zeros((room_for(length) * length, 3), np.uint8))
            self._taken[slot] = length
            with watch.aside():
                # Rows already there are too short to lie beside this lane's; the next round's will be long enough.
                while length > self._length and self._awaited and self.broken is None:
                    self._changed.wait()
            if self.broken is not None:
                return None
            if length > self._length:
                self._fresh_round()
            self._awaited.add(slot)
            return slot
        finally:
            self._changed.release()

    def step(self, slot: int, images: list[np.ndarray], length: int) -> StepOutput:
        """Hand in a lane's next frames; returns the outputs [T, B, ...] of all lanes once they are on their way.

        Args:
          images: T or fewer.
          length: the round's.
        """
        # Not used again: the device may read from it for as long as it likes. Nor cleared, which would take as long as
        # the upload: what lies behind the images is not looked at.
        pixels, size = in_a_row(images, room_for(length), length)
        row = jax.device_put(pixels)
        with self._changed:
            mine = self._round
            self._rows[slot], self._sizes[slot], self._counts[slot] = row, size, len(images)
            self._ready.add(slot)
            self._go_if_all_are_ready()
            while self._round == mine and self.broken is None:
                self._changed.wait()
            if self.broken is not None:
                raise RuntimeError(f"the step of all lanes failed: {self.broken}") from self.broken
            assert self._outputs is not None
            return self._outputs

    def leave(self, slot: int) -> None:
        """Free a lane."""
        with self._changed:
            self._taken.pop(slot, None)
            self._awaited.discard(slot)
            self._ready.discard(slot)
            self._go_if_all_are_ready()
            self._changed.notify_all()

    def _programs(self, watch: Watch, state: TrackerState, length: int) -> tuple[Any, Any]:
        """Programs that put a track into a lane, and follow all lanes over rows so long. The lanes go on meanwhile."""
        lanes = jax.eval_shape(lambda state: lanes_like(state, self._count), state)
        rows = (jax.ShapeDtypeStruct((room_for(length) * length, 3), jnp.uint8),) * self._count
        sizes = jax.ShapeDtypeStruct((self._count, 2), jnp.int32)
        counts = jax.ShapeDtypeStruct((self._count,), jnp.int32)
        return (
            self._runner.program(watch, PUT, lanes, np.int32(0), state),
            self._runner.program(watch, follow_rows(room_for(length)), self._model, lanes, rows, sizes, counts),
        )

    def _fresh_round(self) -> None:
        self._length = max(self._taken.values(), default=0)
        self._rows = {}
        self._sizes, self._counts = np.ones((self._count, 2), np.int32), np.zeros(self._count, np.int32)

    def _go_if_all_are_ready(self) -> None:
        if not self._ready or self._ready != self._awaited or self.broken is not None or self._lanes is None:
            return
        with self._breaking():
            told = jax.device_put((self._sizes, self._counts))
            blank = self._blank[self._length]
            rows = tuple(self._rows[slot] if slot in self._ready else blank for slot in range(self._count))
            self._lanes, self._outputs = self._steps[self._length](self._model, self._lanes, rows, *told)
        self._ready.clear()
        self._round += 1
        self._fresh_round()
        self._changed.notify_all()

    @contextmanager
    def _breaking(self) -> Iterator[None]:
        """Whatever fails here has used up the lanes' states: all are told, and the batch is not used again."""
        try:
            yield
        except BaseException as error:
            self.broken = self.broken or error
            self._changed.notify_all()
            raise
