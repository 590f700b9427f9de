"""A batch's programs: one that puts a track into a lane, and one that follows all lanes over a round of frames.

Letters: B lanes, T frames of a round.
"""

from dataclasses import replace
from functools import cache, partial

import jax
import jax.numpy as jnp

from drol_jax.image.crops import Frame
from drol_jax.model import Model
from drol_jax.running.lanes import LaneState, put, step_lanes
from drol_jax.system.compiling import Jitted
from drol_jax.tracker.state import StepOutput

PUT = Jitted(put, once=True, donate_argnums=0)


@cache
def follow_rows(room: int) -> Jitted:
    """The program (model, lanes, rows, sizes, counts) -> (lanes, outputs [T, B, ...]) of rounds of T = room frames."""
    return Jitted(partial(_follow_rows, room), donate_argnums=1)


def _follow_rows(
    room: int,
    model: Model,
    lanes: LaneState,
    rows: tuple[jax.Array, ...],
    sizes: jax.Array,
    counts: jax.Array,
) -> tuple[LaneState, StepOutput]:
    """Follow every lane through its next frames.

    Args:
      room: T.
      rows: B of uint8 [T * length, 3], as `in_a_row` lays them out.
      sizes: int32 [B, 2].
      counts: int32 [B], of each lane's frames; 0 of those without.

    Returns:
      (lanes, outputs [T, B, ...]); zeros are told of frames that there are not.
    """
    # Frames are read where they lie in one row: a lane's own would be copied for every step.
    pixels = jnp.concatenate(rows)
    begins = jnp.arange(len(rows), dtype=jnp.int32) * rows[0].shape[0]
    areas = sizes[:, 0] * sizes[:, 1]

    def follow(lanes: LaneState, t: jax.Array) -> tuple[LaneState, StepOutput]:
        frames = Frame(pixels, sizes, begins + t * areas)
        return step_lanes(model, replace(lanes, active=t < counts), frames)

    return jax.lax.scan(follow, lanes, jnp.arange(room, dtype=jnp.int32))
