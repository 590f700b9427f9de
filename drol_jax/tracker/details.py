"""`Details`: the maps that a search chose by, for people who want to see why a target was lost.

Letters: R rows and columns of the response map (SiamFC: of the upsampled one), S of the online score map.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from drol_jax.image.crops import Frame, as_frame
from drol_jax.model import Model
from drol_jax.tracker.families import family_of
from drol_jax.tracker.state import TrackerState


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Details:
    """What a search saw around the target's last place, by the first template."""

    siamese: jax.Array
    """float32 [R, R], the network's own word: the largest class probability of each place, or SiamFC's response from 0
    to 1."""
    online: jax.Array | None
    """float32 [S, S], the online subnet's score map; None with the subnet off."""
    fused: jax.Array
    """float32 [R, R], what the place is chosen by: both maps, the penalty of changes of shape and the cosine window."""
    region: jax.Array
    """float32 [4] (x, y, w, h), pixels of the image: the search region, which `online` covers."""
    grid: jax.Array
    """float32 [4] (x, y, w, h), pixels of the image: what `siamese` and `fused` cover."""


def details(model: Model, state: TrackerState, frame: Frame | jax.Array) -> Details:
    """The maps of the search that `step` makes from the same state in the same frame. Safe under jit and vmap.

    Of a long-term tracker they are those of the usual search region, also while it searches the enlarged one.

    Args:
      model, frame: as in `drol_jax.init`.
      state: of the frame before.
    """
    siamese, online, fused, region, grid = family_of(model.config).maps(model, state, as_frame(frame))
    box = jnp.concatenate([state.centre - region / 2, jnp.broadcast_to(region, 2)])
    covered = jnp.concatenate([state.centre - grid / 2, jnp.broadcast_to(grid, 2)])
    return Details(siamese=siamese, online=online, fused=fused, region=box, grid=covered)
