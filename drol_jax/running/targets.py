"""Many targets in one video: a tracker over a pool of slots.

Called from outside jit on the CPU, a step's searches and refits, which take most of its time, go to as many threads as
there are cores: one alone cannot keep several cores busy. Under jit, and on other devices, a step is one program.

Letters: B slots.
"""

import operator
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from drol_jax.api import PRECISION, Tracker, checked_frame, on_device
from drol_jax.errors import UserError
from drol_jax.image.crops import Frame
from drol_jax.model import Model
from drol_jax.running.lanes import (
    LaneState,
    empty_lanes,
    finish_lanes,
    follow_lanes,
    put,
    record_lanes,
    refit_slots,
    search_slots,
    searching,
    step_lanes,
    update_lanes,
)
from drol_jax.system.compiling import Jitted
from drol_jax.system.workers import cores
from drol_jax.tracker.record import StepRecord
from drol_jax.tracker.search import Found
from drol_jax.tracker.state import StepOutput, TrackerState

T = TypeVar("T")


def _in_place_or_not(jit: Callable[..., Any], function: Callable[..., Any], lanes: int) -> dict[bool, Any]:
    """{donate: the compiled function}; lanes: the argument that is used up."""
    return {False: jit(function), True: jit(function, donate_argnums=lanes)}


_step = _in_place_or_not(Jitted, partial(step_lanes, shared=True), 1)
_put = _in_place_or_not(jax.jit, put, 0)


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
        return _put[self.donate](lanes, jnp.int32(slot), state), slot

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
        traced = any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves((model, lanes, frame)))
        with jax.default_matmul_precision(PRECISION):
            if jax.default_backend() != "cpu" or traced:
                return _step[self.donate](model, lanes, frame)
            return _step_in_threads(model, lanes, frame, self.donate)

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


def _check(lanes: LaneState) -> None:
    """Whether lanes can still be used."""
    leaves = [leaf for leaf in jax.tree.leaves(lanes) if isinstance(leaf, jax.Array) and not isinstance(leaf, Tracer)]
    if any(leaf.is_deleted() for leaf in leaves):
        raise UserError(
            "these lanes are used up: go on with those that the last add or step gave back, or make the pool with "
            "targets(..., donate=False), which copies them"
        )


def _begin(model: Model, lanes: LaneState, frame: Frame | jax.Array, found: Found) -> StepRecord:
    return update_lanes(model, record_lanes(lanes, frame, found))


def _end(model: Model, states: TrackerState, record: StepRecord, filters: jax.Array) -> tuple[LaneState, StepOutput]:
    return finish_lanes(model, replace(record, state=states), filters)


def _all(model: Model, lanes: LaneState, frame: Frame | jax.Array, found: Found) -> tuple[LaneState, StepOutput]:
    return follow_lanes(model, record_lanes(lanes, frame, found))


_search, _refit = jax.jit(search_slots), jax.jit(refit_slots)
_join = jax.jit(lambda parts, place: jax.tree.map(lambda *leaves: jnp.concatenate(leaves)[place], *parts))
_begin_step, _whole_step = _in_place_or_not(jax.jit, _begin, 1), _in_place_or_not(jax.jit, _all, 1)
# The states are the record's own, and nobody else's.
_end_step = jax.jit(_end, donate_argnums=1)


def _step_in_threads(
    model: Model, lanes: LaneState, frame: Frame | jax.Array, donate: bool
) -> tuple[LaneState, StepOutput]:
    """A step of all lanes, whose searches and refits are made side by side."""
    states, active = searching(lanes.states), np.asarray(lanes.active)
    found = _in_threads(partial(_search, model, states), active, frame)
    online = lanes.states.online
    if online is None:
        return _whole_step[donate](model, lanes, frame, found)
    filters = np.zeros(online.filter.shape, np.float32)  # before the lanes are used up
    record = _begin_step[donate](model, lanes, frame, found)
    asked = np.asarray(record.due)
    if asked.any():
        filters = _in_threads(partial(_refit, model, record), asked)
    return _end_step(model, record.state, replace(record, state=None), filters)


def _in_threads(work: Callable[..., T], asked: np.ndarray, *rest: Any) -> T:
    """What `work` finds for the slots that are asked for, [B, ...], and anything for the others.

    Args:
      work: (slots int32 [S], count, *rest) -> [S, ...], of the first `count`. Called once in each thread.
      asked: bool [B].
    """
    slots, count = np.flatnonzero(asked).astype(np.int32), len(asked)
    threads = min(len(cores()), count)
    size = -(-count // threads)

    def do(own: np.ndarray) -> T:
        with jax.default_matmul_precision(PRECISION):  # a setting of the thread
            return jax.block_until_ready(work(np.resize(own, size), np.int32(len(own)), *rest))

    shares = np.array_split(slots, threads)
    place = np.zeros(count, np.int32)
    for number, own in enumerate(shares):
        place[own] = number * size + np.arange(len(own))
    if len(slots) < 2:
        parts = [do(slots)]
    else:
        with ThreadPoolExecutor(threads, thread_name_prefix="drol-targets") as pool:
            parts = list(pool.map(do, shares[: len(slots)]))
    # As many parts in every step, whose number is compiled for.
    return _join(parts + parts[:1] * (threads - len(parts)), place)


def targets(tracker: Tracker, slots: int = 8, *, donate: bool = True) -> Targets:
    """A tracker over up to `slots` targets of one video.

    Raises:
      UserError: less than one slot.
    """
    if slots < 1:
        raise UserError(f"a pool of {slots} slots follows no target; give 1 or more")
    return Targets(tracker=tracker, slots=slots, donate=donate)
