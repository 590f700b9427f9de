"""Many targets in one frame, or each in a frame of its own: a pool of lanes with a mask.

A lane without target costs no refit, and on the CPU nothing at all; its state stays as it is. No lane's numbers depend
on the others'. What a lane gives is what the tracker gives alone but for rounding: the compiler orders sums by the
program around them.

Letters: B lanes.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from drol_jax.api import PRECISION, Tracker, checked_frame
from drol_jax.config import Config, Hyper
from drol_jax.crops import Frame, as_frame
from drol_jax.errors import UserError
from drol_jax.tracker import StepOutput, TrackerState, init
from drol_jax.tracker.rarely import for_lanes
from drol_jax.tracker.search import Found, search
from drol_jax.tracker.step import follow, init_draws


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class LaneState:
    """The lanes of a pool."""

    states: TrackerState
    """[B, ...]; a lane never used holds zeros."""
    active: jax.Array
    """bool [B], whether a lane follows a target."""


def empty_lanes(config: Config, variables: Any, hyper: Hyper, lanes: int) -> LaneState:
    """Lanes without targets.

    Args:
      config, variables, hyper: as in `tracker.init`; shapes only.
      lanes: B.
    """

    def start(variables, hyper, key):
        frame = Frame(jnp.zeros((1, 3), jnp.uint8), jnp.ones(2, jnp.int32))
        draws = init_draws(config, key) if config.online.enabled else None
        return init(config, variables, hyper, frame, jnp.zeros(4), draws)

    return lanes_like(jax.eval_shape(start, variables, hyper, jax.random.key(0)), lanes)


def lanes_like(state: TrackerState, lanes: int) -> LaneState:
    """Lanes without targets, each with room for such a state."""
    states = jax.tree.map(lambda leaf: jnp.zeros((lanes, *leaf.shape), leaf.dtype), state)
    return LaneState(states=states, active=jnp.zeros(lanes, bool))


def put(lanes: LaneState, slot: jax.Array, state: TrackerState) -> LaneState:
    """Give a lane a target. Donate the lanes to have it done in place; a slot of B or more changes nothing."""
    states = jax.tree.map(lambda all, one: all.at[slot].set(one, mode="drop"), lanes.states, state)
    return LaneState(states=states, active=lanes.active.at[slot].set(True, mode="drop"))


def step_lanes(
    config: Config, variables: Any, hyper: Hyper, lanes: LaneState, frame: Frame | jax.Array, *, shared: bool
) -> tuple[LaneState, StepOutput]:
    """Follow every target into its next frame. Donate the lanes: their memories are then updated in place.

    Args:
      config, variables, hyper: as in `tracker.step`.
      frame: one for all lanes, as in `tracker.step`; or `Frame` of pixels [B, N, 3] and sizes [B, 2], one for each.
      shared: whether it is one for all.

    Returns:
      (lanes, outputs [B, ...]); what a lane without target tells is zero.
    """
    states, active = lanes.states, lanes.active
    frame = as_frame(frame)
    found = _search_lanes(config, variables, hyper, states, active, frame, shared)

    def rest(state, frame, found, active):
        after, output = follow(config, variables, hyper, state, frame, found, active)
        return _kept(active, after, state), jax.tree.map(lambda x: jnp.where(active, x, jnp.zeros_like(x)), output)

    states, outputs = jax.vmap(rest, in_axes=(0, None if shared else 0, 0, 0))(states, frame, found, active)
    return LaneState(states=states, active=active), outputs


def _search_lanes(
    config: Config, variables: Any, hyper: Hyper, states: TrackerState, active: jax.Array, frame: Frame, shared: bool
) -> Found:
    """What each lane's search finds. As a batch; on the CPU one by one and none for lanes without target."""
    # The samples are large, and no search looks at them.
    if states.online is not None:
        states = replace(states, online=replace(states.online, memory=None))

    def together(variables, hyper, states, active, frame):
        each = jax.vmap(partial(search, config, variables, hyper), (0, None if shared else 0))
        return each(states, frame)

    def one_by_one(variables, hyper, states, active, frame):
        args = (variables, hyper, states, frame)
        axes = (False, False, True, not shared)
        has_lanes = tuple(jax.tree.map(lambda _, axis=axis: axis, arg) for arg, axis in zip(args, axes, strict=True))
        shapes = jax.eval_shape(together, variables, hyper, states, active, frame)
        nothing = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
        return for_lanes(lambda _, rest: search(config, *rest), active, nothing, args, has_lanes)

    return jax.lax.platform_dependent(variables, hyper, states, active, frame, cpu=one_by_one, default=together)


def _kept(active: jax.Array, after: TrackerState, before: TrackerState) -> TrackerState:
    """The state after a step where the lane is active, else the one before."""
    online = after.online
    if online is not None and before.online is not None:
        # Nothing was learned in a lane without target. Choosing between two memories would copy both.
        before = replace(before, online=replace(before.online, memory=online.memory))
    return jax.tree.map(lambda new, old: new if new is old else jnp.where(active, new, old), after, before)


_step = jax.jit(step_lanes, static_argnums=0, static_argnames="shared")
_step_in_place = jax.jit(step_lanes, static_argnums=0, static_argnames="shared", donate_argnums=3)
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
        tracker, frame = self.tracker, checked_frame(frame)
        run = _step_in_place if self.donate else _step
        with jax.default_matmul_precision(PRECISION):
            return run(tracker.config, tracker.variables, tracker.hyper, lanes, frame, shared=True)

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


def targets(tracker: Tracker, slots: int = 8, *, donate: bool = True) -> Targets:
    """A tracker over up to `slots` targets of one video.

    Raises:
      UserError: less than one slot.
    """
    if slots < 1:
        raise UserError(f"a pool of {slots} slots follows no target; give 1 or more")
    return Targets(tracker=tracker, slots=slots, donate=donate)
