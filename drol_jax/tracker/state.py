"""`TrackerState`, which a track carries from frame to frame, and `StepOutput`, which a step tells."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from drol_jax.nets import Template
from drol_jax.online.fit import RefitStats
from drol_jax.online.subnet import OnlineState
from drol_jax.tracker.appearance import Appearance
from drol_jax.tracker.masks import Mask


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class ShortTerm:
    """The short-term template and the best candidate for its next renewal (paper, section 3.4)."""

    template: Template
    candidate: jax.Array
    """uint8 [E, E, 3] RGB, crop of the best frame since the last renewal."""
    candidate_score: jax.Array
    """float32 (), its online peak; 0 after a renewal."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class TrackerState:
    """Everything the next frame needs, nothing else."""

    frame_index: jax.Array
    """int32 (), 1 after the first frame."""
    centre: jax.Array
    """float32 [2] (x, y), pixels."""
    size: jax.Array
    """float32 [2] (w, h), pixels."""
    fill: jax.Array
    """uint8 [3] RGB, colour of crops outside the image."""
    template: Template
    """Template of the first frame."""
    appearance: Appearance
    """Features of the first frame's target, which found boxes are compared with."""
    lost_count: jax.Array
    """int32 (), number of latest frames in a row in which the online subnet did not find the target."""
    online: OnlineState | None
    """Online subnet's memory and filter; None with the subnet off."""
    short_term: ShortTerm | None
    """The short-term template; None in a tracker that has none."""
    lost: jax.Array | None = None
    """bool (), whether the next search is the enlarged one; None if not long-term."""

    @property
    def sound(self) -> jax.Array:
        """bool (), or of the batch's shape: every number is finite.

        What no start and no image brings about, unsound weights and an overflow in a network do: a NaN, of which the
        following frames make more. Start anew from a box then; the track does not come back by itself.
        """
        batch = self.centre.shape[:-1]
        numbers = [leaf for leaf in jax.tree.leaves(self) if jnp.issubdtype(leaf.dtype, jnp.inexact)]
        return jnp.stack([jnp.isfinite(leaf).reshape(*batch, -1).all(-1) for leaf in numbers]).all(0)


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class StepOutput:
    """What a step tells about its frame."""

    box: jax.Array
    """float32 [4] (x, y, w, h), pixels."""
    score: jax.Array
    """float32 (), confidence of the chosen candidate: SiamRPN class probability, SiamFC peak of the fused map."""
    verdict: jax.Array
    """int32 (), a `Verdict` (0 found, 1 not found, 2 hard negative, 3 uncertain); -1 with the subnet off."""
    online_score: jax.Array
    """float32 (), peak of the online score map; NaN with the subnet off."""
    template: jax.Array
    """int32 (), 0 where the first template's candidate was taken, 1 the short-term one's."""
    refitted: jax.Array
    """bool (), whether the filter was refitted after this frame."""
    lost: jax.Array
    """bool (), long-term: whether the target counts as lost after this frame; else False."""
    confidence: jax.Array
    """float32 () in [0, 1], probability that the box overlaps the target by more than a half."""
    mask: Mask | None = None
    """The target's mask; None without mask branch."""
    refit: RefitStats | None = None
    """How the refit after this frame went, where `step` was asked for it; else None."""
