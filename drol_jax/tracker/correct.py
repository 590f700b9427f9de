"""`correct`: a track put right by a person. The box is the target for certain, so it is learned from at once."""

from dataclasses import replace

import jax
import jax.numpy as jnp

from drol_jax.image.crops import Frame, as_frame
from drol_jax.model import Model
from drol_jax.online import subnet
from drol_jax.online.geometry import Region
from drol_jax.tracker.appearance import appearance
from drol_jax.tracker.candidates import padded_side
from drol_jax.tracker.fidelity import rules
from drol_jax.tracker.outcome import region_side
from drol_jax.tracker.state import TrackerState


def correct(
    model: Model, state: TrackerState, frame: Frame | jax.Array, box: jax.Array, *, template: bool = False
) -> TrackerState:
    """Put a target where a person says that it is, and learn from it. Safe under jit, vmap and scan.

    The state moves to the box and counts as found. The search region about the box becomes a sample of the online
    memory that weighs `subnet.CORRECTION`, the one about the place that the tracker had gone to a sample that tells
    where the target is not, and the filter is refitted to all samples.

    Args:
      model, frame: as in `drol_jax.init`.
      state: after the step of this frame, or of the one before.
      box: float32 [4] (x, y, w, h), pixels, 0-based, overlapping the image.
      template: static; the box also replaces the first frame's template, and its features those that confidence
        compares with.

    Returns:
      The state to go on from with the next frame.
    """
    frame, config, net, rule = as_frame(frame), model.config, model.network, rules(model.config)
    box = jnp.asarray(box, jnp.float32)
    sizes = config.search

    def looked_at(state: TrackerState) -> tuple[jax.Array, Region]:
        """The feature of the search region about a state's place, and that region."""
        crop = rule.crop(frame, state.centre, rule.side(region_side(config, state)), sizes.instance_size, state.fill)
        scale = sizes.exemplar_size / padded_side(state.size, sizes.context_amount)
        return net.feature(crop[None])[0], Region(centre=state.centre, size=state.size, scale=scale)

    astray = looked_at(state) if state.online is not None else None
    centre, size = rule.target(box)
    state = replace(state, centre=centre, size=size, lost_count=jnp.zeros_like(state.lost_count))
    if state.lost is not None:
        state = replace(state, lost=jnp.zeros_like(state.lost))
    feature, region = looked_at(state)
    if state.online is not None and astray is not None:
        online = subnet.correct(model, state.online, (feature, region), astray, box)
        state = replace(state, online=online)
    if template:
        side = rule.side(padded_side(size, sizes.context_amount))
        exemplar = rule.crop(frame, centre, side, sizes.exemplar_size, state.fill)
        state = replace(
            state,
            template=net.template(exemplar[None]),
            appearance=appearance(config, feature, size, region.scale),
        )
    return state
