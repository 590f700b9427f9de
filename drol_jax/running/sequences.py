"""Many sequences at once, each in a lane of its own.

Every lane is a thread in the one frame loop, `running.loop.Runner`, and decodes its frames ahead. What the lanes share
depends on the device:

- On the CPU nothing but the cores: each lane calls the very program that a single sequence is tracked with, so that its
  numbers are those to the bit. A batch of networks takes longer there than its images one by one.
- Elsewhere one program steps all lanes at once. A lane that has handed in its frame waits for the others'; whoever
  comes last starts the step. Each uploads its own frame: in one piece they would be copied by one thread. Frames of any
  size go together, in rows as long as the largest among them asks for: there is one step for each such length. A lane
  that ends is taken by the next sequence, started by the program that starts a single one.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.api import Tracker
from drol_jax.datasets.sequence import Sequence
from drol_jax.errors import UserError
from drol_jax.image.crops import Frame
from drol_jax.image.frames import capacity
from drol_jax.model import Model
from drol_jax.running.feeders import CHUNK, FrameFeeder, a_chunk_late
from drol_jax.running.lanes import LaneState, lanes_like, put, step_lanes
from drol_jax.running.loop import Runner, Trajectory
from drol_jax.system.compiling import Jitted
from drol_jax.system.workers import Check, Clock, Watch, work_off
from drol_jax.tracker.state import StepOutput, TrackerState


class LockstepRunner(Runner):
    """Tracks up to `lanes` sequences at once; any thread may call `run`, and each has the boxes that it has alone.

    To the bit on the CPU; in a batch but for rounding, whatever the company.
    """

    def __init__(
        self,
        tracker: Tracker,
        lanes: int,
        like: Runner | None = None,
        clock: Clock | None = None,
        *,
        batched: bool | None = None,
    ):
        """Take a tracker.

        Args:
          lanes: how many sequences at once.
          like, clock: as in `Runner`.
          batched: one program for all lanes; by default where the device is no CPU.

        Raises:
          UserError: less than one lane.
        """
        super().__init__(tracker, like, clock)
        if lanes < 1:
            raise UserError(f"{lanes} lanes track nothing; give 1 or more")
        self.lanes = lanes
        self._batched = (jax.default_backend() != "cpu" if batched is None else batched) and lanes > 1
        self._batch: _Batch | None = None
        self._lock = threading.Lock()

    def feeder(self, watch: Watch) -> FrameFeeder:
        return _Lane(self, watch) if self._batched else super().feeder(watch)

    def batch(self) -> "_Batch":
        """The lanes; fresh ones where a step has failed."""
        with self._lock:
            if self._batch is None or self._batch.broken is not None:
                self._batch = _Batch(self)
            return self._batch

    def run_all(
        self, sequences: list[Sequence], seed: int, on_end: Callable[[str], None] | None = None
    ) -> list[Trajectory | Exception]:
        """Track sequences, as many at once as there are lanes; one that fails, however, does not stop the others.

        The longest are begun first: a long one begun last would run on alone.

        Args:
          seed: as in `run`.
          on_end: called with the name of each sequence that has ended, from any thread.

        Returns:
          In the order given, what became of each.
        """
        results: list[Any] = [None] * len(sequences)

        def one(index: int, check: Check) -> None:
            try:
                results[index] = self.run(sequences[index], seed, lambda _: check())
            except Exception as error:
                results[index] = error
            if on_end is not None:
                on_end(sequences[index].name)

        work_off(one, sorted(range(len(sequences)), key=lambda i: -len(sequences[i])), self.lanes)
        return results


class _Lane:
    """A track beside others in a batch."""

    def __init__(self, runner: LockstepRunner, watch: Watch):
        self._runner, self._watch = runner, watch
        self._batch: _Batch | None = None
        self._late: list[Any] = []

    def start(self, image: np.ndarray, state: TrackerState) -> None:
        while True:
            batch = self._runner.batch()
            slot = batch.enter(self._watch, state, capacity(*image.shape[:2]))
            if slot is not None:
                break
        self._batch, self._slot = batch, slot

    def step(self, image: np.ndarray) -> Any:
        assert self._batch is not None
        return self._batch.step(self._slot, image)

    def fetch(self, outputs: list[Any]) -> list[StepOutput]:
        # A chunk late: all lanes would wait while one of them waits for the device.
        due, self._late = a_chunk_late(self._late, outputs, last=len(outputs) < CHUNK)
        # An array keeps what was fetched of it, so that the other lanes have it for nothing.
        return [jax.tree.map(lambda all: all[self._slot], output) for output in jax.device_get(due)]

    def leave(self) -> None:
        if self._batch is not None:
            self._batch.leave(self._slot)


class _Batch:
    """Lanes that are stepped together, whenever each of them that is taken has its next frame."""

    def __init__(self, runner: LockstepRunner):
        self._runner = runner
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
        """Length of the rows of this round."""
        self._rows: dict[int, Any] = {}
        """Slot -> its frame of this round, on the device."""
        self._blank: dict[int, Any] = {}
        """Length -> the row of a lane without frame."""
        self.broken: BaseException | None = None
        self._put: Any = None
        self._steps: dict[int, Any] = {}

    def enter(self, watch: Watch, state: TrackerState, length: int) -> int | None:
        """Put a track into a free lane, and wait for one; length: of its frames, padded. None: the lanes broke."""
        put, step = self._programs(watch, state, length)
        with watch.aside():
            self._changed.acquire()
        try:
            self._put, self._steps[length] = put, step
            if self._lanes is None:
                self._lanes = lanes_like(state, self._runner.lanes)
            with watch.aside():
                while len(self._taken) == self._runner.lanes and self.broken is None:
                    self._changed.wait()
            if self.broken is not None:
                return None
            slot = min(set(range(self._runner.lanes)) - set(self._taken))
            with self._breaking():
                self._lanes = self._put(self._lanes, np.int32(slot), state)
                if length not in self._blank:
                    self._blank[length] = jax.device_put(np.zeros((length, 3), np.uint8))
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

    def step(self, slot: int, image: np.ndarray) -> Any:
        """Hand in a lane's next frame; returns the outputs of all lanes once their step is on its way."""
        height, width = image.shape[:2]
        with self._changed:
            length = self._length
        # Not used again: the device may read from it for as long as it likes. Nor cleared, which would take as long as
        # the upload: what lies behind the image is not looked at.
        pixels = np.empty((length, 3), np.uint8)
        pixels[: height * width] = image.reshape(-1, 3)
        row = jax.device_put(pixels)
        with self._changed:
            mine = self._round
            self._rows[slot], self._sizes[slot] = row, (height, width)
            self._ready.add(slot)
            self._go_if_all_are_ready()
            while self._round == mine and self.broken is None:
                self._changed.wait()
            if self.broken is not None:
                raise RuntimeError(f"the step of all lanes failed: {self.broken}") from self.broken
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
        """Programs that put a track into a lane, and step all lanes with rows so long. The lanes go on meanwhile."""
        count = self._runner.lanes
        lanes = jax.eval_shape(lambda state: lanes_like(state, count), state)
        rows = (jax.ShapeDtypeStruct((length, 3), jnp.uint8),) * count
        sizes = jax.ShapeDtypeStruct((count, 2), jnp.int32)
        return (
            self._runner.program(watch, _put_one, lanes, np.int32(0), state),
            self._runner.program(watch, _step_all, self._model, lanes, rows, sizes),
        )

    def _fresh_round(self) -> None:
        self._length = max(self._taken.values(), default=0)
        self._rows, self._sizes = {}, np.ones((self._runner.lanes, 2), np.int32)

    def _go_if_all_are_ready(self) -> None:
        if not self._ready or self._ready != self._awaited or self.broken is not None or self._lanes is None:
            return
        slots = range(self._runner.lanes)
        with self._breaking():
            sizes, active = jax.device_put((self._sizes, np.isin(slots, list(self._ready))))
            rows = tuple(self._rows[slot] if slot in self._ready else self._blank[self._length] for slot in slots)
            lanes = replace(self._lanes, active=active)
            self._lanes, self._outputs = self._steps[self._length](self._model, lanes, rows, sizes)
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


def _step_lanes(
    model: Model, lanes: LaneState, rows: tuple[jax.Array, ...], sizes: jax.Array
) -> tuple[LaneState, StepOutput]:
    return step_lanes(model, lanes, Frame(jnp.stack(rows), sizes), shared=False)


_step_all = Jitted(_step_lanes, donate_argnums=1)
_put_one = Jitted(put, donate_argnums=0)
