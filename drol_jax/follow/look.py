"""A look at other places: the tracker's search of one frame around places that a lost target may have come back to.

Letters: B slots, K places.
"""

from dataclasses import replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.api import Tracker
from drol_jax.image.crops import Frame
from drol_jax.running.lanes import LaneState, searching
from drol_jax.running.targets import Targets, targets
from drol_jax.running.threads import side_by_side
from drol_jax.tracker.families import family_of
from drol_jax.tracker.state import TrackerState


class Looks(NamedTuple):
    """What is seen at K places."""

    centre: Any
    """float32 [K, 2] (x, y), pixels."""
    size: Any
    """float32 [K, 2] (w, h), pixels."""
    confidence: Any
    """float32 [K]"""


class Looking:
    """A tracker that looks around places in place of slots' targets, by the programs that its steps have."""

    def __init__(self, tracker: Tracker, slots: int):
        """Take a tracker. All of a region counts alike in a look, and boxes are taken as they are read.

        Args:
          slots: of the lanes that it is for.
        """
        no_penalty = family_of(tracker.config).NO_PENALTY
        hyper = replace(tracker.hyper, window_influence=0, penalty_k=no_penalty, size_lr=1)
        self._pool: Targets = targets(replace(tracker, hyper=hyper), slots)

    def look(
        self, lanes: LaneState, slot: int, centres: np.ndarray, size: np.ndarray, frame: Frame | jax.Array
    ) -> Looks:
        """Search around some places for the target of a slot, which nothing changes.

        Args:
          centres: [K, 2] (x, y), middles of the regions, pixels. Nothing is compiled for another K.
          size: [2] (w, h), the target as the regions are made for; regions for a larger one are wider.
          frame: on the device.
        """
        slots, count = lanes.active.shape[0], len(centres)
        centres, size = np.asarray(centres, np.float32), np.asarray(size, np.float32)
        states = searching(lanes.states)

        def see(first: int) -> Looks:
            """As many places as there are slots, each as if it were the target's."""
            own = first + np.arange(slots)
            there = LaneState(
                states=_around(states, np.int32(slot), centres[np.minimum(own, count - 1)], size),
                active=jnp.asarray(own < count),
            )
            found = self._pool.search(there, frame)
            seen = Looks(found.candidate.centre, found.candidate.size, found.confidence)
            return Looks(*(part[own < count] for part in jax.device_get(seen)))

        # A search of several slots goes to all cores by itself.
        seen = side_by_side(see, range(0, count, slots), most=1 if slots > 1 else None)
        return Looks(*map(np.concatenate, zip(*seen, strict=True)))


@jax.jit
def _around(states: TrackerState, slot: jax.Array, centres: jax.Array, size: jax.Array) -> TrackerState:
    """States [B, ...] of one slot's target at the centres [B, 2], of one size [2]."""
    count = len(centres)
    states = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf[slot], (count, *leaf.shape[1:])), states)
    return replace(states, centre=centres, size=jnp.broadcast_to(size, (count, 2)))
