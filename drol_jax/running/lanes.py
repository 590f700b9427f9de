"""Many targets in one frame, or each in a frame of its own: a pool of lanes with a mask.

A lane without target costs no refit, and on the CPU nothing at all; its state stays as it is. What a
lane gives is what the tracker gives alone, whatever the company, but for rounding: the compiler orders sums by the
program around them, and on a GPU lanes that are refitted together sum up over as many samples as the fullest has.

Letters: B lanes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import jax
import jax.numpy as jnp

from drol_jax.config import Config, Hyper
from drol_jax.image.crops import Frame, as_frame
from drol_jax.online import subnet
from drol_jax.tracker import StepOutput, TrackerState, init
from drol_jax.tracker.lazy_cond import for_lanes
from drol_jax.tracker.search import Found, search
from drol_jax.tracker.step import conclude, follow, init_draws, is_hard_negative, remember

T = TypeVar("T")


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
    return lanes_like(_start.eval_shape(config, variables, hyper), lanes)


def _started(config: Config, variables: Any, hyper: Hyper) -> TrackerState:
    """Some state, for its shapes."""
    frame = Frame(jnp.zeros((1, 3), jnp.uint8), jnp.ones(2, jnp.int32))
    draws = init_draws(config, jax.random.key(0)) if config.online.enabled else None
    return init(config, variables, hyper, frame, jnp.zeros(4), draws)


_start = jax.jit(_started, static_argnums=0)  # remembers the shapes


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
    frame = as_frame(frame)
    found = _search_lanes(config, variables, hyper, searching(lanes.states), lanes.active, frame, shared)
    return follow_lanes(config, variables, hyper, lanes, frame, found, shared=shared)


def follow_lanes(
    config: Config,
    variables: Any,
    hyper: Hyper,
    lanes: LaneState,
    frame: Frame | jax.Array,
    found: Found,
    *,
    shared: bool,
) -> tuple[LaneState, StepOutput]:
    """The rest of a step, after its searches; found: [B, ...], of an active lane what its search found."""

    def rest(state, active, frame, found):
        return follow(config, variables, hyper, state, frame, found, active)

    return _in_lanes(rest, lanes, frame, found, shared=shared)


def remember_lanes(
    config: Config, hyper: Hyper, lanes: LaneState, frame: Frame | jax.Array, found: Found
) -> tuple[LaneState, jax.Array]:
    """`tracker.step.remember` in every lane, the frame one for all: (lanes, due bool [B]).

    With the refits that are due and `conclude_lanes` it is `follow_lanes`, for a caller that makes refits side by side.
    """

    def rest(state, active, frame, found):
        return remember(config, hyper, state, found, frame, active)

    return _in_lanes(rest, lanes, frame, found, shared=True)


def search_slots(
    config: Config,
    variables: Any,
    hyper: Hyper,
    states: TrackerState,
    slots: jax.Array,
    count: jax.Array,
    frame: Frame | jax.Array,
) -> Found:
    """What the searches of some lanes find, one by one in one frame: [S, ...].

    Args:
      states: of all lanes, as `searching` leaves them.
      slots: int32 [S].
      count: of them are meant; zeros are found for the rest.
    """

    def one(slot):
        return search(config, variables, hyper, jax.tree.map(lambda x: x[slot], states), as_frame(frame))

    return _one_by_one(one, slots, count)


def refit_slots(
    config: Config, hyper: Hyper, states: TrackerState, slots: jax.Array, count: jax.Array, found: Found
) -> jax.Array:
    """The refitted filters [S, k, k, D] of some lanes; states, found: of all lanes; slots, count: as `search_slots`."""
    return _one_by_one(lambda slot: _refit_lane(config, hyper, states, slot, found), slots, count)


def _refit_lane(config: Config, hyper: Hyper, states: TrackerState, slot: jax.Array, found: Found) -> jax.Array:
    """The filter [k, k, D] of one lane, refitted. Its samples are read where they lie, among those of all lanes."""
    online = states.online
    assert online is not None
    features = online.memory.features

    def own(tree: Any) -> Any:
        return jax.tree.map(lambda leaf: leaf[slot], tree)

    lane = own(replace(online, memory=replace(online.memory, features=None)))
    lane = replace(lane, memory=replace(lane.memory, features=features.reshape(-1, *features.shape[2:])))
    return subnet.refit(lane, is_hard_negative(own(found)), config.online, hyper, slot * features.shape[1])


def conclude_lanes(
    config: Config,
    variables: Any,
    hyper: Hyper,
    lanes: LaneState,
    frame: Frame | jax.Array,
    found: Found,
    old_sizes: jax.Array,
    due: jax.Array,
    filters: jax.Array,
) -> tuple[LaneState, StepOutput]:
    """`tracker.step.conclude` in every lane.

    Args:
      lanes, due: from `remember_lanes`.
      old_sizes: [B, 2], the targets' sizes before the step.
      filters: [B, k, k, D], of lanes that were due the refitted one.
    """

    def rest(state, active, frame, found, old_size, due, filter):
        filter = jnp.where(due, filter, state.online.filter)
        state = replace(state, online=replace(state.online, filter=filter))
        return conclude(config, variables, hyper, state, found, frame, old_size, due, active)

    return _in_lanes(rest, lanes, frame, found, old_sizes, due, filters, shared=True)


def _one_by_one(one: Callable[[jax.Array], T], slots: jax.Array, count: jax.Array) -> T:
    """one(slot) for the first `count` of the slots, zeros for the rest.

    A program for each would find its working memory cold: a search takes a quarter longer so.
    """
    results = jax.tree.map(lambda x: jnp.zeros((len(slots), *x.shape), x.dtype), jax.eval_shape(one, slots[0]))

    def put_next(i: jax.Array, results: T) -> T:
        # Behind a barrier it is compiled as by itself, and its numbers are those that the lane has alone.
        found = jax.lax.optimization_barrier(one(slots[i]))
        return jax.tree.map(lambda all, x: all.at[i].set(x), results, found)

    return jax.lax.fori_loop(0, count, put_next, results)


def _in_lanes(
    rest: Callable[..., tuple[TrackerState, Any]],
    lanes: LaneState,
    frame: Frame | jax.Array,
    *each: Any,
    shared: bool,
) -> tuple[LaneState, Any]:
    """rest(state, active, frame, *each) -> (state, what it tells) in every lane.

    One without target keeps its state, and tells zeros.
    """

    def one(state, active, frame, *each):
        after, told = rest(state, active, frame, *each)
        return _kept(active, after, state), jax.tree.map(lambda x: jnp.where(active, x, jnp.zeros_like(x)), told)

    axes = (0, 0, None if shared else 0, *[0] * len(each))
    states, told = jax.vmap(one, axes)(lanes.states, lanes.active, as_frame(frame), *each)
    return LaneState(states=states, active=lanes.active), told


def searching(state: TrackerState) -> TrackerState:
    """What a search looks at: all but the samples, which are large."""
    return state if state.online is None else replace(state, online=replace(state.online, memory=None))


def _search_lanes(
    config: Config, variables: Any, hyper: Hyper, states: TrackerState, active: jax.Array, frame: Frame, shared: bool
) -> Found:
    """What each lane's search finds. As a batch; on the CPU one by one and none for lanes without target."""
    each = jax.vmap(partial(search, config), (None, None, 0, None if shared else 0))

    def together(active, *args):
        return each(*args)

    def one_by_one(active, *args):
        axes = (False, False, True, not shared)
        has_lanes = tuple(jax.tree.map(lambda _, axis=axis: axis, arg) for arg, axis in zip(args, axes, strict=True))
        nothing = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(each, *args))
        return for_lanes(lambda _, rest: search(config, *rest), active, nothing, args, has_lanes)

    return jax.lax.platform_dependent(active, variables, hyper, states, frame, cpu=one_by_one, default=together)


def _kept(active: jax.Array, after: TrackerState, before: TrackerState) -> TrackerState:
    """The state after a step where the lane is active, else the one before."""
    online = after.online
    if online is not None and before.online is not None:
        # Nothing was learned in a lane without target. Choosing between two memories would copy both.
        before = replace(before, online=replace(before.online, memory=online.memory))
    return jax.tree.map(lambda new, old: new if new is old else jnp.where(active, new, old), after, before)
