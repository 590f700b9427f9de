"""`StepRecord`: a step under way."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from drol_jax.image.crops import Frame
from drol_jax.online.fit import RefitStats
from drol_jax.tracker.outcome import Found
from drol_jax.tracker.state import TrackerState


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class StepRecord:
    """A step under way: what one stage hands on to the next."""

    state: TrackerState
    """State of the frame before, until `update_memory` moves it to what was found."""
    frame: Frame
    active: Any
    """bool (), False for a slot without target: nothing is learned, refitted or renewed."""
    learn: Any
    """bool (), False where the frame is none to learn from; what is found is followed all the same."""
    found: Found
    old_size: jax.Array
    """float32 [2] (w, h), pixels: the target before the step."""
    due: jax.Array
    """bool (), whether the filter is to be refitted; from `update_memory` on."""
    stats: RefitStats | None = None
    """How the refit went, where asked for."""


def record_of(state: TrackerState, frame: Frame, found: Found, active: Any = True, learn: Any = None) -> StepRecord:
    """The record of a step whose search is done.

    Args:
      active, learn: as in `StepRecord`; by default every target learns.
    """
    due = jnp.zeros(jnp.shape(active), bool)
    learn = active if learn is None else active & learn
    return StepRecord(state=state, frame=frame, active=active, learn=learn, found=found, old_size=state.size, due=due)
