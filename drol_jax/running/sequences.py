"""Many sequences at once, each in a lane of its own.

Every lane is a thread in the one frame loop, `running.loop.Runner`, and decodes its frames ahead. What the lanes share
depends on the device:

- On the CPU nothing but the cores: each lane calls the very program that a single sequence is tracked with, so that its
  numbers are those to the bit. A batch of networks takes longer there than its images one by one.
- Elsewhere they are one batch (`running.batch`): one program takes all of them through a chunk of frames. A lane that
  ends is taken by the next sequence, started by the program that starts a single one.
"""

import threading
from collections.abc import Callable
from typing import Any

import jax

from drol_jax.api import Tracker
from drol_jax.datasets.sequence import Sequence
from drol_jax.errors import UserError
from drol_jax.running.batch import Batch, Lane
from drol_jax.running.feeders import BEHIND, CHUNK, FrameFeeder
from drol_jax.running.loop import Runner, Trajectory, readers
from drol_jax.system.workers import Check, Clock, Watch, cores, work_off


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
        self._asked = batched
        self._batched = (jax.default_backend() != "cpu" if batched is None else batched) and lanes > 1
        if self._batched:
            self.readers = readers(lanes)
        self._batch: Batch | None = None
        self._lock = threading.Lock()

    def feeder(self, watch: Watch) -> FrameFeeder:
        return Lane(self.batch, watch) if self._batched else super().feeder(watch)

    def batch(self) -> Batch:
        """The lanes; fresh ones where a step has failed."""
        with self._lock:
            if self._batch is None or self._batch.broken is not None:
                self._batch = Batch(self, self.lanes)
            return self._batch

    def with_lanes(self, lanes: int) -> "LockstepRunner":
        """The same tracker in so many lanes, with the programs that are compiled already and on the same clock."""
        return LockstepRunner(self.tracker, lanes, self, self._clock, batched=self._asked)

    def lanes_to_try(self, most: int) -> tuple[int, ...]:
        """Numbers of lanes that may be the quickest, of up to `most`: 1 first, then powers of two.

        On the CPU up to its cores; in a batch the two largest alone, as each has a program to compile.
        """
        batched = jax.default_backend() != "cpu" if self._asked is None else self._asked
        limit = most if batched else min(most, len(cores()))
        powers = [2**power for power in range(1, limit.bit_length()) if 2**power <= limit]
        return (1, *(powers[-2:] if batched else powers))

    @property
    def trial(self) -> int:
        """Frames from which a rate is told: of chunks under way there are more where results come late."""
        return (2 + 2 * BEHIND if self._late else 2) * CHUNK

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
