"""A look at other places: the tracker's search of one frame around places that a lost target may have come back to.

Letters: K places, S of them that one program works on one by one.
"""

from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.api import PRECISION
from drol_jax.image.crops import Frame, as_frame
from drol_jax.model import Model
from drol_jax.running.lanes import LaneState, one_by_one, searching
from drol_jax.running.threads import in_threads
from drol_jax.system.compiling import Jitted
from drol_jax.tracker.families import family_of
from drol_jax.tracker.search import search
from drol_jax.tracker.state import TrackerState


class Looks(NamedTuple):
    """What is seen at K places."""

    centre: Any
    """float32 [K, 2] (x, y), pixels."""
    size: Any
    """float32 [K, 2] (w, h), pixels."""
    confidence: Any
    """float32 [K]"""


def look(
    model: Model,
    lanes: LaneState,
    slot: int,
    centres: np.ndarray,
    count: int,
    size: np.ndarray,
    frame: Frame | jax.Array,
) -> Looks:
    """Search around some places for the target of a slot, which nothing changes.

    Args:
      centres: [K, 2] (x, y), middles of the regions, pixels.
      count: of the places, the first so many are looked at and told of. Nothing is compiled for another count.
      size: [2] (w, h), the target as the regions are made for; regions for a larger one are wider.
      frame: on the device.
    """
    state = _of_slot(searching(lanes.states), np.int32(slot))
    state = replace(state, size=jnp.asarray(size, jnp.float32))
    places = jnp.asarray(centres, jnp.float32)
    with jax.default_matmul_precision(PRECISION):
        if jax.default_backend() == "cpu":
            seen = in_threads(partial(_some, model, state, places), np.arange(len(centres)) < count, frame)
        else:
            seen = _together(model, state, places, frame)
    return Looks(*(part[:count] for part in jax.device_get(seen)))


def _at(model: Model, state: TrackerState, centre: jax.Array, frame: Frame | jax.Array) -> Looks:
    """What is seen around one place. All of it counts alike, and boxes are taken as they are read."""
    no_penalty = family_of(model.config).NO_PENALTY
    hyper = replace(
        model.hyper,
        window_influence=jnp.float32(0),
        penalty_k=jnp.float32(no_penalty),
        size_lr=jnp.float32(1),
    )
    found = search(replace(model, hyper=hyper), replace(state, centre=centre), as_frame(frame))
    return Looks(found.candidate.centre, found.candidate.size, found.confidence)


_of_slot = jax.jit(lambda states, slot: jax.tree.map(lambda leaf: leaf[slot], states))
_together = Jitted(jax.vmap(_at, (None, None, 0, None)))


def _some_places(
    model: Model, state: TrackerState, centres: jax.Array, places: jax.Array, count: jax.Array, frame: Any
) -> Looks:
    return one_by_one(lambda place: _at(model, state, centres[place], frame), places, count)


_some = Jitted(_some_places)
