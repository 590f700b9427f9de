"""A pool's programs: those that work on all slots at once, and a step whose searches and refits go to threads.

Letters: B slots.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import numpy as np
from jax.core import Tracer

from drol_jax.image.crops import Frame
from drol_jax.model import Model
from drol_jax.running.lanes import (
    LaneState,
    finish_lanes,
    first_of,
    follow_lanes,
    move,
    put,
    record_lanes,
    refit_slots,
    search_lanes,
    search_slots,
    searching,
    step_lanes,
    update_lanes,
)
from drol_jax.running.threads import in_threads, shares_of
from drol_jax.system.compiling import Jitted, meanwhile
from drol_jax.tracker.outcome import Found
from drol_jax.tracker.record import StepRecord
from drol_jax.tracker.state import StepOutput, TrackerState


def _in_place_or_not(jit: Callable[..., Any], function: Callable[..., Any], lanes: int) -> dict[bool, Any]:
    """{donate: the compiled function}; lanes: the argument that is used up."""
    return {False: jit(function), True: jit(function, donate_argnums=lanes)}


# {whether the lanes are used up: a program}, as lanes.py tells what each does.
STEP = _in_place_or_not(Jitted, step_lanes, 1)
PUT = _in_place_or_not(partial(Jitted, once=True), put, 0)
MOVE = _in_place_or_not(Jitted, move, 0)
FIRST = Jitted(first_of, once=True, static_argnames="lanes")
OF_SLOT = jax.jit(lambda states, slot: jax.tree.map(lambda leaf: leaf[slot], states))


def in_threads_here(*values: Any) -> bool:
    """Whether a step of these values goes to several threads."""
    return jax.default_backend() == "cpu" and not any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(values))


def _begin(model: Model, lanes: LaneState, frame: Frame | jax.Array, found: Found, learn: jax.Array) -> StepRecord:
    return update_lanes(model, record_lanes(lanes, frame, found, learn))


def _end(model: Model, states: TrackerState, record: StepRecord, filters: jax.Array) -> tuple[LaneState, StepOutput]:
    return finish_lanes(model, replace(record, state=states), filters)


def _all(
    model: Model, lanes: LaneState, frame: Frame | jax.Array, found: Found, learn: jax.Array
) -> tuple[LaneState, StepOutput]:
    return follow_lanes(model, record_lanes(lanes, frame, found, learn))


# The first half of a step, of some slots in a thread or of all in one program; the second of all is `FOLLOW`.
SEARCH, _refit = Jitted(search_slots), Jitted(refit_slots)
SEARCH_ALL = Jitted(search_lanes)
_begin_step, FOLLOW = _in_place_or_not(Jitted, _begin, 1), _in_place_or_not(Jitted, _all, 1)
# The states are the record's own, and nobody else's.
_end_step = Jitted(_end, donate_argnums=1)


def follow_in_threads(
    model: Model, lanes: LaneState, frame: Frame | jax.Array, found: Found, learn: jax.Array, donate: bool
) -> tuple[LaneState, StepOutput]:
    """The second half of a step of all lanes, whose refits are made side by side."""
    assert lanes.states.online is not None
    filters = np.zeros(lanes.states.online.filter.shape, np.float32)  # before the lanes are used up
    # A network's hundred arrays take a program as long to look over as its own work does: where none is run, none goes.
    light = model.scalars
    record = _begin_step[donate](light, lanes, frame, found, learn)
    asked = np.asarray(record.due)
    if asked.any():
        filters = in_threads(partial(_refit, light, record), asked)
    last = model if model.config.short_term_template else light
    return _end_step(last, record.state, replace(record, state=None), filters)


def ahead(model: Model, lanes: LaneState, frame: Frame | jax.Array, donate: bool) -> None:
    """Begin to compile what a step in threads needs, in that order.

    Args:
      lanes: shapes alone.
      frame: of the size that is to come.
    """

    def some(shape: tuple[int, ...], kind: type) -> Any:
        return jax.ShapeDtypeStruct(shape, kind)

    (count,) = lanes.active.shape
    share = some((shares_of(count)[1],), np.int32), some((), np.int32)
    searched = model, searching(lanes.states), *share, frame

    def others(own: Found) -> None:
        found = jax.tree.map(lambda x: some((count, *x.shape[1:]), x.dtype), own)
        followed = lanes, frame, found, some((count,), bool)
        if lanes.states.online is None:
            FOLLOW[donate].compiled(model, *followed)
            return
        light = model.scalars
        _begin_step[donate].compiled(light, *followed)
        record = _begin_step[donate].shapes(light, *followed)
        filters = lanes.states.online.filter
        last = model if model.config.short_term_template else light
        _end_step.compiled(last, record.state, replace(record, state=None), some(filters.shape, np.float32))
        _refit.compiled(light, record, *share)

    if SEARCH.takes_seconds(*searched):
        # The others while XLA works on the search, which takes longest.
        meanwhile(lambda: SEARCH.compile_before(lambda own: meanwhile(partial(others, own)), *searched))
