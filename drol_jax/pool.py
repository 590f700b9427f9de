"""Many targets in one video: a tracker over a pool of slots.

Called from outside jit on the CPU, a step's searches, which take most of its time, go to as many threads as there are
cores: the networks leave all but one core idle. Under jit, and on other devices, a step is one program.

Letters: B slots.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from drol_jax.api import PRECISION, Tracker, checked_frame, on_device
from drol_jax.compiling import Jitted
from drol_jax.config import Config, Hyper
from drol_jax.crops import Frame, as_frame
from drol_jax.errors import UserError
from drol_jax.lanes import LaneState, empty_lanes, follow_lanes, put, searching, step_lanes
from drol_jax.tracker import StepOutput, TrackerState
from drol_jax.tracker.search import Found, search

_STATIC = {"static_argnums": 0, "static_argnames": "shared"}
_step = Jitted(step_lanes, **_STATIC)
_step_in_place = Jitted(step_lanes, **_STATIC, donate_argnums=3)
_put = jax.jit(put)
_put_in_place = jax.jit(put, donate_argnums=0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Targets:
    """A tracker over many targets of one video. Holds no track: lanes go in and out.

    The lanes that go into `add` and `step` are used up, their memory is that of the ones that come out; with
    `donate=False` they stay, and every call copies them. Nothing is compiled again as targets come and go.
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
        return empty_lanes(self.tracker.config, self.tracker.variables, self.tracker.hyper, self.slots)

    def add(self, lanes: LaneState, frame: Any, box: Any, key: jax.Array | None = None) -> tuple[LaneState, Any]:
        """Follow one more target, from this frame on.

        Args:
          lanes: from any of these functions.
          frame, box, key: as in `Tracker.init`.

        Returns:
          (lanes, slot): the first that was free. Under jit, where a full pool cannot be told of, B then, and nothing
          is added.

        Raises:
          UserError: every slot is taken, and what `Tracker.init` raises.
        """
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
        return (_put_in_place if self.donate else _put)(lanes, jnp.int32(slot), state), slot

    def remove(self, lanes: LaneState, slot: Any) -> LaneState:
        """Follow a slot's target no longer. Its state stays where it is until another takes the slot.

        Raises:
          UserError: the slot follows no target, or there is none of that number. Not under jit.
        """
        count = lanes.active.shape[0]
        if not isinstance(lanes.active, Tracer) and not isinstance(slot, Tracer):
            taken = np.flatnonzero(np.asarray(lanes.active)).tolist()
            if int(slot) not in taken:
                there = f"taken are {', '.join(map(str, taken))}" if taken else "none is taken"
                kind = "follows no target" if 0 <= int(slot) < count else f"is none of the {count}"
                raise UserError(f"slot {int(slot)} {kind}; {there}")
        return replace(lanes, active=lanes.active.at[slot].set(False))

    def step(self, lanes: LaneState, frame: Any) -> tuple[LaneState, StepOutput]:
        """Follow all targets into the next frame, which is uploaded once.

        Args:
          lanes: from any of these functions.
          frame: as in `Tracker.init`.

        Returns:
          (lanes, outputs [B, ...]); zeros where `lanes.active` is False.

        Raises:
          UserError: the frame is no picture.
        """
        fixed = (self.tracker.config, self.tracker.variables, self.tracker.hyper)
        frame = on_device(checked_frame(frame))
        traced = any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves((fixed[1:], lanes, frame)))
        with jax.default_matmul_precision(PRECISION):
            if jax.default_backend() != "cpu" or traced:
                return (_step_in_place if self.donate else _step)(*fixed, lanes, frame, shared=True)
            found = _search_in_threads(*fixed, lanes, frame)
            return (_follow_in_place if self.donate else _follow)(*fixed, lanes, frame, found)

    def grow(self, lanes: LaneState, slots: int) -> LaneState:
        """More slots, behind the ones that are there. The next step is compiled for them, once.

        Raises:
          UserError: there are as many already.
        """
        count = lanes.active.shape[0]
        if slots <= count:
            raise UserError(f"the pool has {count} slots, so grow needs more than that, not {slots}")
        more = slots - count
        return jax.tree.map(lambda x: jnp.pad(x, ((0, more), *[(0, 0)] * (x.ndim - 1))), lanes)


@partial(jax.jit, static_argnums=0)
def _search_one(
    config: Config, variables: Any, hyper: Hyper, states: TrackerState, slot: jax.Array, frame: Frame | jax.Array
) -> Found:
    return search(config, variables, hyper, jax.tree.map(lambda x: x[slot], states), as_frame(frame))


def _follow_all(
    config: Config, variables: Any, hyper: Hyper, lanes: LaneState, frame: Frame | jax.Array, found: list[Found]
) -> tuple[LaneState, StepOutput]:
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *found)
    return follow_lanes(config, variables, hyper, lanes, frame, stacked, shared=True)


_follow = jax.jit(_follow_all, static_argnums=0)
_follow_in_place = jax.jit(_follow_all, static_argnums=0, donate_argnums=3)


def _search_in_threads(
    config: Config, variables: Any, hyper: Hyper, lanes: LaneState, frame: Frame | jax.Array
) -> list[Found]:
    """What each slot's search finds; for those without target, of which nothing is kept, what another's does."""
    states = searching(lanes.states)

    def one(slot: int) -> Found:
        with jax.default_matmul_precision(PRECISION):  # a setting of the thread
            return jax.block_until_ready(_search_one(config, variables, hyper, states, np.int32(slot), frame))

    slots = np.flatnonzero(np.asarray(lanes.active)).tolist() or [0]
    with ThreadPoolExecutor(len(os.sched_getaffinity(0)), thread_name_prefix="drol-targets") as pool:
        found = dict(zip(slots, pool.map(one, slots), strict=True))
    return [found.get(slot, found[slots[0]]) for slot in range(lanes.active.shape[0])]


def targets(tracker: Tracker, slots: int = 8, *, donate: bool = True) -> Targets:
    """A tracker over up to `slots` targets of one video.

    Raises:
      UserError: less than one slot.
    """
    if slots < 1:
        raise UserError(f"a pool of {slots} slots follows no target; give 1 or more")
    return Targets(tracker=tracker, slots=slots, donate=donate)
