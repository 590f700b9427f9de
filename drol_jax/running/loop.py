"""The frame loop: frames x step -> Trajectory."""

import threading
import time
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import numpy as np

from drol_jax.api import PRECISION, Tracker
from drol_jax.datasets.sequence import Sequence
from drol_jax.errors import UserError
from drol_jax.image.boxes import checked_start_box
from drol_jax.image.frames import prefetch
from drol_jax.running.feeders import CHUNK, CountedFeeder, FrameFeeder, LateFeeder, frame_of
from drol_jax.running.trajectory import Rows, Trajectory, Until, trajectory_of
from drol_jax.system.compiling import Jitted
from drol_jax.system.memory import give_back
from drol_jax.system.workers import Clock, Watch, cores
from drol_jax.tracker.start import init, init_draws, weights_of
from drol_jax.tracker.state import TrackerState

__all__ = ["CHUNK", "Runner", "Trajectory", "Until"]


class Runner:
    """Runs one tracker over sequences, compiling once for each length of flattened frames.

    Compilation is asked for explicitly, so that it can be timed apart, and kept in this object. States are donated:
    the memory of samples is updated in place. Threads may share a runner.
    """

    def __init__(
        self,
        tracker: Tracker,
        like: "Runner | None" = None,
        clock: Clock | None = None,
        *,
        late: bool | None = None,
    ):
        """Take a tracker.

        Args:
          like: shares its compiled code, so that trackers that differ by `Hyper` alone compile once.
          clock: of all that is tracked at the same time; by default this runner's own.
          late: results a chunk late, so that the device need not wait for the host; by default on all but CPUs.
        """
        self.tracker = tracker
        self._late = jax.default_backend() != "cpu" if late is None else late
        self.readers = readers(1) if self._late else 2
        """Threads that read a sequence's frames ahead."""
        self._clock = clock or Clock()
        self._compiled: dict[Any, Any] = {} if like is None else like._compiled
        self._compiling = threading.Lock() if like is None else like._compiling

    def run(
        self,
        sequence: Sequence,
        seed: int,
        on_frame: Callable[[int], None] | None = None,
        until: Until | None = None,
    ) -> Trajectory:
        """Track one sequence from its first box.

        Args:
          sequence: frames and boxes; only the first box is read.
          seed: of the online subnet's draws, folded with the sequence's name, so that neither order nor company of
            the sequences changes a result.
          on_frame: called with the index of each frame once it has been read and handed over.
          until: ends the run early. It sees results a chunk at a time, while the tracker is already ahead; what comes
            after the last frame kept, errors included, is as if it had never been tracked.

        Raises:
          UserError: a frame cannot be read or differs in size; the start box lies outside; a result is not finite;
            a GPU cannot run its convolutions.
        """
        watch = Watch(self._clock)
        feeder = self.feeder(watch)
        rows = Rows(self.tracker, until, feeder.fetch)
        images = prefetch(sequence.frames, depth=CHUNK, workers=self.readers)
        try:
            with watch:
                self._track(sequence, images, feeder, rows, watch, key_of(seed, sequence.name), on_frame)
        except FloatingPointError as error:
            raise UserError(
                f"sequence {sequence.name}: {error}; the weights of {self.tracker.name} or the hyper-parameters are "
                "unsound"
            ) from None
        except RuntimeError as error:
            if "dnn" not in str(error).lower():
                raise
            raise UserError(
                f"sequence {sequence.name}: the GPU's library of convolutions failed ({str(error).splitlines()[0]}); "
                "if the device's memory is not full, compile anew, with --no-cache or another --cache-dir"
            ) from error
        finally:
            feeder.leave()
            images.close()
        return trajectory_of(sequence.first_box, rows.rows, watch)

    def forget(self) -> None:
        """Let go of the programs (`Jitted.forget`), also of runners that share them. A run would get them again."""
        with self._compiling:
            for function in {signature[0] for signature in self._compiled}:
                function.forget()
            self._compiled.clear()
        give_back()

    def feeder(self, watch: Watch) -> FrameFeeder:
        """The feeder of the next track."""
        return (LateFeeder if self._late else CountedFeeder)(partial(self.call, watch))

    def _track(
        self,
        sequence: Sequence,
        images: Iterator[np.ndarray],
        feeder: FrameFeeder,
        rows: "Rows",
        watch: Watch,
        key: jax.Array,
        on_frame: Callable[[int], None] | None,
    ) -> None:
        on_frame = on_frame or (lambda _: None)
        first = next(images)
        box = checked_start_box(sequence.first_box, *first.shape[:2])
        draws = (
            self.program(watch, _draws, self.tracker.config, key)(self.tracker.config, key)
            if self.tracker.config.online.enabled
            else None
        )
        given = self.tracker.model, frame_of(first), box, draws

        def begin_next(state: TrackerState) -> None:
            feeder.ahead(self.tracker.model, state, first)

        feeder.start(first, self.program(watch, _init, *given, following=begin_next)(*given))
        on_frame(0)

        waiting: list[Any] = []
        ended = False
        try:
            for index, image in enumerate(images, start=1):
                if image.shape != first.shape:
                    (h, w), (h0, w0) = image.shape[:2], first.shape[:2]
                    raise UserError(
                        f"sequence {sequence.name}: frame {index} is {w}x{h}, the first is {w0}x{h0}; "
                        "a sequence has one size: unpack it again"
                    )
                waiting.append(feeder.step(image))
                if len(waiting) == CHUNK:
                    taken, waiting = waiting, []
                    ended = rows.take(taken, first.shape)
                    if ended:
                        break
                on_frame(index)
        except UserError:
            # The run may have ended before the frame that cannot be tracked.
            if rows.until is None or not rows.take(waiting, first.shape):
                raise
        else:
            if not ended:
                rows.take(waiting, first.shape)

    def call(self, watch: Watch, function: Jitted, *args: Any) -> Any:
        """A jitted function of (model, *args)."""
        model = self.tracker.model
        return self.program(watch, function, model, *args)(model, *args)

    def program(
        self, watch: Watch, function: Jitted, *args: Any, following: Callable[[Any], None] | None = None
    ) -> Any:
        """A jitted function compiled for arguments like these; the watch is told how long that took.

        Args:
          following: as `Jitted.compile_before` takes it.
        """
        likes = ((getattr(leaf, "shape", None), getattr(leaf, "dtype", None)) for leaf in jax.tree.leaves(args))
        signature = (function, self.tracker.config, *likes)
        found = self._compiled.get(signature)
        if found is None:
            with watch.aside(), self._compiling:
                found = self._compiled.get(signature)
                if found is None:
                    began = time.perf_counter()
                    with jax.default_matmul_precision(PRECISION):
                        if following is not None:
                            function.compile_before(following, *args)
                        found = self._compiled[signature] = function.compiled(*args)
                    watch.compile_seconds += time.perf_counter() - began
        return found


_init = Jitted(init, once=True, weights=weights_of)
_draws = Jitted(init_draws, once=True)


def readers(lanes: int) -> int:
    """Threads that read the frames of each of so many sequences for a device that the cores have nothing else to do
    than to feed: all cores, shared out, up to half a chunk's."""
    return min(CHUNK // 2, max(1, len(cores()) // lanes))


def key_of(seed: int, name: str) -> jax.Array:
    """The key of a sequence's draws, whatever its company."""
    return jax.random.fold_in(jax.random.key(seed), zlib.crc32(name.encode()))
