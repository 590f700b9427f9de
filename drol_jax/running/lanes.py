"""Many targets in one frame, or each in a frame of its own: a batch of lanes with a mask.

A lane without target costs no refit, and on the CPU nothing at all; its state stays as it is. What a lane gives is
what the tracker gives alone, whatever the company, but for rounding: the compiler orders sums by the program around
them, and on a GPU lanes that are refitted together sum up over as many samples as the fullest has.

Letters: B lanes, S of them that one program works on one by one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import jax
import jax.numpy as jnp

from drol_jax.image.crops import Frame, as_frame
from drol_jax.model import Model
from drol_jax.online import subnet
from drol_jax.system.lazy_cond import Rows, for_lanes
from drol_jax.tracker.outcome import Found
from drol_jax.tracker.record import StepRecord, record_of
from drol_jax.tracker.search import search
from drol_jax.tracker.start import init, init_draws
from drol_jax.tracker.state import StepOutput, TrackerState
from drol_jax.tracker.step import finish, is_hard_negative, refit, update_memory

T = TypeVar("T")
Stage = Callable[[Model, StepRecord], Any]
"""A stage of `tracker.step`."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class LaneState:
    """The lanes of a batch."""

    states: TrackerState
    """[B, ...]; a lane never used holds zeros."""
    active: jax.Array
    """bool [B], whether a lane follows a target."""


def empty_lanes(model: Model, lanes: int) -> LaneState:
    """Lanes without targets.

    Args:
      model: as in `tracker.start.init`; shapes only.
      lanes: B.
    """
    return lanes_like(_start.eval_shape(model), lanes)


def _started(model: Model) -> TrackerState:
    """Some state, for its shapes."""
    frame = Frame(jnp.zeros((1, 3), jnp.uint8), jnp.ones(2, jnp.int32))
    draws = init_draws(model.config, jax.random.key(0)) if model.config.online.enabled else None
    return init(model, frame, jnp.zeros(4), draws)


_start = jax.jit(_started)  # remembers the shapes


@partial(jax.jit, static_argnames="lanes")  # one program, where there would be one for each leaf
def lanes_like(state: TrackerState, lanes: int) -> LaneState:
    """Lanes without targets, each with room for such a state."""
    states = jax.tree.map(lambda leaf: jnp.zeros((lanes, *leaf.shape), leaf.dtype), state)
    return LaneState(states=states, active=jnp.zeros(lanes, bool))


def first_of(state: TrackerState, lanes: int) -> LaneState:
    """Lanes with a target in the first, and room for such a state in each of the others."""
    states = jax.tree.map(lambda leaf: jnp.pad(leaf[None], ((0, lanes - 1), *[(0, 0)] * leaf.ndim)), state)
    return LaneState(states=states, active=jnp.arange(lanes) == 0)


def put(lanes: LaneState, slot: jax.Array, state: TrackerState) -> LaneState:
    """Give a lane a target. Donate the lanes to have it done in place; a slot of B or more changes nothing."""
    states = jax.tree.map(lambda all, one: all.at[slot].set(one, mode="drop"), lanes.states, state)
    return LaneState(states=states, active=lanes.active.at[slot].set(True, mode="drop"))


def move(lanes: LaneState, slot: jax.Array, centre: jax.Array, size: jax.Array) -> LaneState:
    """Put a lane's target elsewhere, with all that it learned. Donate the lanes.

    Args:
      centre: float32 [2] (x, y), pixels.
      size: float32 [2] (w, h), pixels.
    """
    states = lanes.states
    online = states.online
    if online is not None and online.centre is not None and online.size is not None:
        online = replace(online, centre=online.centre.at[slot].set(centre), size=online.size.at[slot].set(size))
    states = replace(
        states, centre=states.centre.at[slot].set(centre), size=states.size.at[slot].set(size), online=online
    )
    return replace(lanes, states=states)


def step_lanes(model: Model, lanes: LaneState, frame: Frame | jax.Array) -> tuple[LaneState, StepOutput]:
    """Follow every target into its next frame. Donate the lanes: their memories are then updated in place.

    Args:
      model: as in `tracker.step.step`.
      frame: one for all lanes, as there; or `Frame` with sizes [B, 2], one for each, of pixels [B, N, 3] or of pixels
        [N, 3] that hold all of them, each from its first on [B].

    Returns:
      (lanes, outputs [B, ...]); what a lane without target tells is zero.
    """
    frame = as_frame(frame)
    found = search_lanes(model, searching(lanes.states), lanes.active, frame)
    return follow_lanes(model, record_lanes(lanes, frame, found))


def record_lanes(
    lanes: LaneState, frame: Frame | jax.Array, found: Found, learn: jax.Array | None = None
) -> StepRecord:
    """The records [B, ...] of a step whose searches are done; a shared frame stays one.

    Args:
      found: [B, ...], of an active lane what its search found.
      learn: bool [B], whether the frame is one to learn from; by default for all.
    """
    return record_of(lanes.states, as_frame(frame), found, lanes.active, learn)


def follow_lanes(model: Model, record: StepRecord) -> tuple[LaneState, StepOutput]:
    """The rest of a step, after its searches."""
    return _finished(lambda model, record: finish(model, refit(model, update_memory(model, record))), model, record)


def update_lanes(model: Model, record: StepRecord) -> StepRecord:
    """The stage `update_memory` in every lane."""
    after = _in_lanes(update_memory, model, record)
    return replace(after, state=_kept(record.active, after.state, record.state))


def finish_lanes(model: Model, record: StepRecord, filters: jax.Array) -> tuple[LaneState, StepOutput]:
    """The stage `finish` in every lane.

    Args:
      record: from `update_lanes`.
      filters: [B, k, k, D], of lanes that were due the refitted one.
    """
    online = record.state.online
    assert online is not None
    chosen = jnp.where(record.due[:, None, None, None], filters, online.filter)
    record = replace(record, state=replace(record.state, online=replace(online, filter=chosen)))
    return _finished(finish, model, record)


def search_slots(
    model: Model, states: TrackerState, slots: jax.Array, count: jax.Array, frame: Frame | jax.Array
) -> Found:
    """What the searches of some lanes find, one by one in one frame: [S, ...].

    Args:
      states: of all lanes, as `searching` leaves them.
      slots: int32 [S].
      count: of them are meant; zeros are found for the rest.
    """

    def one(slot):
        return search(model, jax.tree.map(lambda x: x[slot], states), as_frame(frame))

    return one_by_one(one, slots, count)


def refit_slots(model: Model, record: StepRecord, slots: jax.Array, count: jax.Array) -> jax.Array:
    """The refitted filters [S, k, k, D] of some lanes, one by one.

    Args:
      record: from `update_lanes`. A lane's samples are read where they lie, among those of all lanes.
      slots, count: as in `search_slots`.
    """
    online = record.state.online
    assert online is not None
    features = online.memory.features
    rows = features.reshape(-1, *features.shape[2:])
    lean = replace(record, frame=None, state=replace(record.state, online=_without_samples(online)))

    def one(slot):
        own = jax.tree.map(lambda leaf: leaf[slot], lean)
        samples = Rows(all=rows, first=slot * features.shape[1])
        request = subnet.refit_request(own.state.online, is_hard_negative(own.found), samples)
        return subnet.refit(model, request)[0]

    return one_by_one(one, slots, count)


def searching(state: TrackerState) -> TrackerState:
    """What a search looks at: all but the samples, which are large."""
    return state if state.online is None else replace(state, online=replace(state.online, memory=None))


def _without_samples(online: subnet.OnlineState) -> subnet.OnlineState:
    return replace(online, memory=replace(online.memory, features=None))


def one_by_one(one: Callable[[jax.Array], T], slots: jax.Array, count: jax.Array) -> T:
    """one(slot) for the first `count` of the slots, zeros for the rest.

    A program for each would find its working memory cold: a search takes a quarter longer so.
    """
    one = jax.jit(one, inline=True)  # traced once, for the shapes and for the loop
    results = jax.tree.map(lambda x: jnp.zeros((len(slots), *x.shape), x.dtype), jax.eval_shape(one, slots[0]))

    def put_next(i: jax.Array, results: T) -> T:
        # Behind a barrier it is compiled nearly as by itself: its numbers are the lane's alone, but for rounding.
        found = jax.lax.optimization_barrier(one(slots[i]))
        return jax.tree.map(lambda all, x: all.at[i].set(x), results, found)

    return jax.lax.fori_loop(0, count, put_next, results)


def _has_lanes(frame: Frame) -> Any:
    """Of each part of a frame whether every lane has its own, as a `Frame`."""
    first = None if frame.first is None else jnp.ndim(frame.first) == 1
    return Frame(frame.pixels.ndim == 3, frame.size.ndim == 2, first)  # pyright: ignore[reportArgumentType]


def _axes(frame: Frame) -> Any:
    """Those that `vmap` maps a frame over."""
    return jax.tree.map(lambda own: 0 if own else None, _has_lanes(frame))


def _in_lanes(stage: Stage, model: Model, record: StepRecord) -> Any:
    """A stage in every lane; what lanes share of a frame stays one."""

    def one(record, frame):
        after = stage(model, replace(record, frame=frame))
        return replace(after, frame=None) if isinstance(after, StepRecord) else after

    told = jax.vmap(one, (0, _axes(record.frame)))(replace(record, frame=None), record.frame)
    return replace(told, frame=record.frame) if isinstance(told, StepRecord) else told


def _finished(stage: Stage, model: Model, record: StepRecord) -> tuple[LaneState, StepOutput]:
    """Stages that end a step, in every lane. One without target keeps its state, and tells zeros."""

    def told(model, record):
        state, output = stage(model, record)
        zeroed = jax.tree.map(lambda x: jnp.where(record.active, x, jnp.zeros_like(x)), output)
        return _kept(record.active, state, record.state), zeroed

    states, outputs = _in_lanes(told, model, record)
    return LaneState(states=states, active=record.active), outputs


def search_lanes(model: Model, states: TrackerState, active: jax.Array, frame: Frame) -> Found:
    """What each lane's search finds, [B, ...]. As a batch; on the CPU one by one and none for lanes without target.

    Args:
      states: as `searching` leaves them.
      frame: as in `step_lanes`.
    """
    each = jax.vmap(search, (None, 0, _axes(frame)))

    def together(active, *args):
        return each(*args)

    def one_by_one(active, *args):
        model, states, frame = args
        has_lanes = (
            *jax.tree.map(lambda _: False, (model,)),
            *jax.tree.map(lambda _: True, (states,)),
            _has_lanes(frame),
        )
        nothing = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(each, *args))
        return for_lanes(lambda _, rest: search(*rest), active, nothing, args, has_lanes)

    return jax.lax.platform_dependent(active, model, states, frame, cpu=one_by_one, default=together)


def _kept(active: jax.Array, after: TrackerState, before: TrackerState) -> TrackerState:
    """The state after a stage where the lane is active, else the one before.

    Args:
      active: bool () or [B], with states alike.
    """
    online = after.online
    if online is not None and before.online is not None:
        # Nothing was learned in a lane without target. Choosing between two memories would copy both.
        before = replace(before, online=replace(before.online, memory=online.memory))

    def choose(new, old):
        wide = active.reshape(active.shape + (1,) * (new.ndim - active.ndim))
        return new if new is old else jnp.where(wide, new, old)

    return jax.tree.map(choose, after, before)
