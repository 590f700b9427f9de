"""Many targets in one video: a tracker over a pool of slots.

Called from outside jit on the CPU, a step's searches and refits, which take most of its time, go to as many threads as
there are cores: one alone cannot keep several cores busy. Under jit, and on other devices, a step is one program.

Letters: B slots.
"""

import operator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from drol_jax.api import PRECISION, Tracker, forget_starts, started
from drol_jax.errors import UserError
from drol_jax.image.crops import Frame
from drol_jax.image.inputs import checked_frame, on_device
from drol_jax.running import pool
from drol_jax.running.lanes import LaneState, empty_lanes, first_of, searching
from drol_jax.running.threads import in_threads
from drol_jax.tracker.fidelity import rules
from drol_jax.tracker.outcome import Found
from drol_jax.tracker.state import StepOutput, TrackerState


@dataclass(frozen=True, kw_only=True, eq=False)
class Targets:
    """A tracker over many targets of one video. Holds no track: lanes go in and out.

    The lanes that go into `add` and `step` are used up, their memory is that of the ones that come out; with
    `donate=False` they stay, and every call copies them. What `remove` gives shares memory with what it was given. An
    exception out of `step`, Ctrl-C included, can use the lanes up too. `add` and `remove` wait for the steps before
    them. No step is compiled again as targets come and go.
    """

    tracker: Tracker
    slots: int
    donate: bool = True

    @property
    def bytes_a_slot(self) -> int:
        """Device memory of a lane. At the published sizes nearly all of it is the sample memory."""
        lanes = jax.eval_shape(lambda: self.empty())
        return sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(lanes)) // self.slots

    def empty(self) -> LaneState:
        """No targets yet."""
        return empty_lanes(self.tracker.model, self.slots)

    def begin(self, frame: Any, box: Any, key: jax.Array | None = None) -> LaneState:
        """A pool with its first target in slot 0: as `add` to an `empty` one, which takes seconds to learn the shapes.

        Args:
          frame, box, key: as in `Tracker.init`.

        Raises:
          UserError: what `Tracker.init` raises.
        """

        def ahead(state: TrackerState, frame: Frame | jax.Array) -> None:
            if pool.in_threads_here(frame):
                lanes = jax.eval_shape(partial(first_of, lanes=self.slots), state)
                pool.ahead(self.tracker.model, lanes, frame, self.donate)

        state = started(self.tracker, frame, box, key, None, ahead)
        return pool.FIRST(state, lanes=self.slots)

    def add(self, lanes: LaneState, frame: Any, box: Any, key: jax.Array | None = None) -> tuple[LaneState, Any]:
        """Follow one more target, from this frame on.

        Args:
          lanes: from any of these functions.
          frame, box, key: as in `Tracker.init`.

        Returns:
          (lanes, slot): the first that was free. Under jit, where a full pool cannot be told of, B then, and nothing
          is added.

        Raises:
          UserError: every slot is taken, the lanes are used up, and what `Tracker.init` raises.
        """
        _check(lanes)
        count = lanes.active.shape[0]
        if isinstance(lanes.active, Tracer):
            slot = jnp.where(jnp.all(lanes.active), count, jnp.argmin(lanes.active))
        else:
            free = np.flatnonzero(~np.asarray(lanes.active))
            if not len(free):
                raise UserError(
                    f"all {count} slots follow a target: remove one, or make more with grow(lanes, {2 * count})"
                )
            slot = int(free[0])
        state = self.tracker.init(frame, box, key)
        return pool.PUT[self.donate](lanes, _number(slot), state), slot

    def all_are_in(self, lanes: LaneState) -> None:
        """Let go of the programs that start targets, for a process that is to start no more: an eighth of its memory.
        If one comes after all, they are read from the disk again, or compiled where they are not kept there."""
        jax.block_until_ready(lanes)
        for program in (pool.FIRST, pool.PUT[self.donate]):
            program.forget()
        forget_starts()

    def remove(self, lanes: LaneState, slot: Any) -> LaneState:
        """Follow a slot's target no longer. Its state stays where it is until another takes the slot.

        Raises:
          UserError: the slot follows no target, there is none of that number, it is no whole number, or the lanes are
            used up. Under jit none of this is told.
        """
        _check(lanes)
        count = lanes.active.shape[0]
        if not isinstance(lanes.active, Tracer) and not isinstance(slot, Tracer):
            taken = np.flatnonzero(np.asarray(lanes.active)).tolist()
            there = f"taken are {', '.join(map(str, taken))}" if taken else "none is taken"
            try:
                slot = operator.index(slot)
            except TypeError:
                raise UserError(f"slot {slot!r} is no whole number; {there}") from None
            if slot not in taken:
                kind = "follows no target" if 0 <= slot < count else f"is none of the {count}"
                raise UserError(f"slot {slot} {kind}; {there}")
        return replace(lanes, active=lanes.active.at[slot].set(False))

    def move(self, lanes: LaneState, slot: int, box: Any) -> LaneState:
        """Put a slot's target elsewhere; it keeps all that it learned.

        Args:
          lanes: from any of these functions; used up as in `step`.
          slot: that a target was added to.
          box: (x, y, w, h), pixels, 0-based.

        Raises:
          UserError: the lanes are used up, or the box is none.
        """
        _check(lanes)
        box = np.asarray(box, np.float32)
        if box.shape != (4,) or not np.isfinite(box).all() or not (box[2:] > 0).all():
            raise UserError(f"slot {slot} cannot be moved to {box.tolist()}: give (x, y, w, h) in pixels")
        return pool.MOVE[self.donate](lanes, _number(slot), *rules(self.tracker.config).target(box))

    def state(self, lanes: LaneState, slot: int) -> TrackerState:
        """The state of a slot's target: what `put` takes, and `Tracker.step`. The lanes stay as they are.

        Raises:
          UserError: the lanes are used up.
        """
        _check(lanes)
        return pool.OF_SLOT(lanes.states, _number(slot))

    def put(self, lanes: LaneState, slot: int, state: TrackerState) -> LaneState:
        """Give a slot a target with its state, in place of what it had.

        Args:
          lanes: from any of these functions; used up as in `step`.
          state: of this tracker, from `state` or `Tracker.init`.

        Raises:
          UserError: the lanes are used up.
        """
        _check(lanes)
        return pool.PUT[self.donate](lanes, _number(slot), state)

    def step(self, lanes: LaneState, frame: Any) -> tuple[LaneState, StepOutput]:
        """Follow all targets into the next frame, which is uploaded once.

        Args:
          lanes: from any of these functions.
          frame: as in `Tracker.init`.

        Returns:
          (lanes, outputs [B, ...]); zeros where `lanes.active` is False.

        Raises:
          UserError: the frame is no image, or the lanes are used up.
        """
        _check(lanes)
        model, frame = self.tracker.model, on_device(checked_frame(frame))
        if not pool.in_threads_here(model, lanes, frame):
            with jax.default_matmul_precision(PRECISION):
                return pool.STEP[self.donate](model, lanes, frame)
        return self.follow(lanes, frame, self.search(lanes, frame))

    def search(self, lanes: LaneState, frame: Any) -> Found:
        """Look for all targets in the next frame: the first half of `step`, which leaves the lanes as they are.

        Args:
          lanes, frame: as in `step`.

        Returns:
          What is found, [B, ...]; zeros where `lanes.active` is False.

        Raises:
          UserError: as `step`.
        """
        _check(lanes)
        model, frame = self.tracker.model, on_device(checked_frame(frame))
        states = searching(lanes.states)
        with jax.default_matmul_precision(PRECISION):
            if not pool.in_threads_here(model, lanes, frame):
                return pool.SEARCH_ALL(model, states, lanes.active, frame)
            return in_threads(partial(pool.SEARCH, model, states), np.asarray(lanes.active), frame)

    def follow(self, lanes: LaneState, frame: Any, found: Found, learn: Any = None) -> tuple[LaneState, StepOutput]:
        """Move to what was found, and learn from it: the second half of `step`.

        Args:
          lanes, frame: as in `step`.
          found: from `search`, or what is to be taken in its place.
          learn: bool [B], whether a target learns from this frame; by default all do.

        Returns:
          As `step`.

        Raises:
          UserError: as `step`.
        """
        _check(lanes)
        model, frame = self.tracker.model, on_device(checked_frame(frame))
        learn = np.ones(lanes.active.shape, bool) if learn is None else learn
        with jax.default_matmul_precision(PRECISION):
            if lanes.states.online is None or not pool.in_threads_here(model, lanes, frame):
                return pool.FOLLOW[self.donate](model, lanes, frame, found, learn)
            return pool.follow_in_threads(model, lanes, frame, found, learn, self.donate)

    def grow(self, lanes: LaneState, slots: int) -> LaneState:
        """More slots, behind the ones that are there. The next step is compiled for them, once.

        Raises:
          UserError: there are as many already, or the lanes are used up.
        """
        _check(lanes)
        count = lanes.active.shape[0]
        if slots <= count:
            raise UserError(f"the pool has {count} slots, so grow needs more than that, not {slots}")
        more = slots - count
        return jax.tree.map(lambda x: jnp.pad(x, ((0, more), *[(0, 0)] * (x.ndim - 1))), lanes)


def _number(slot: Any) -> Any:
    """A slot as programs take it, int32; under jit as it is traced."""
    return jnp.int32(slot) if isinstance(slot, Tracer) else np.int32(slot)


def _check(lanes: LaneState) -> None:
    """Whether lanes can still be used."""
    leaves = [leaf for leaf in jax.tree.leaves(lanes) if isinstance(leaf, jax.Array) and not isinstance(leaf, Tracer)]
    if any(leaf.is_deleted() for leaf in leaves):
        raise UserError(
            "these lanes are used up: go on with those that the last add or step gave back, or make the pool with "
            "targets(..., donate=False), which copies them"
        )


def targets(tracker: Tracker, slots: int = 8, *, donate: bool = True) -> Targets:
    """A tracker over up to `slots` targets of one video.

    Raises:
      UserError: less than one slot.
    """
    if slots < 1:
        raise UserError(f"a pool of {slots} slots follows no target; give 1 or more")
    return Targets(tracker=tracker, slots=slots, donate=donate)
