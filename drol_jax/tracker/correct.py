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
    memory that weighs `subnet.CORRECTION`, and the filter is refitted to all samples.

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
    centre, size = rule.target(box)
    state = replace(state, centre=centre, size=size, lost_count=jnp.zeros_like(state.lost_count))
    if state.lost is not None:
        state = replace(state, lost=jnp.zeros_like(state.lost))
    sizes = config.search
    padded = padded_side(size, sizes.context_amount)
    scale = sizes.exemplar_size / padded
    region = rule.crop(frame, centre, rule.side(region_side(config, state)), sizes.instance_size, state.fill)
    feature = net.feature(region[None])[0]
    if state.online is not None:
        looked_at = Region(centre=centre, size=size, scale=scale)
        state = replace(state, online=subnet.correct(model, state.online, feature, looked_at, box))
    if template:
        exemplar = rule.crop(frame, centre, rule.side(padded), sizes.exemplar_size, state.fill)
        state = replace(
            state,
            template=net.template(exemplar[None]),
            appearance=appearance(config, feature, size, scale),
        )
    return state
