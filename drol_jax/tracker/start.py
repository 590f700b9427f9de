"""`init`: a track's first frame."""

from dataclasses import replace
from typing import Any

import chex
import jax
import jax.numpy as jnp

from drol_jax.config import Config
from drol_jax.image.boxes import target_from_box
from drol_jax.image.crops import Frame, as_frame, mean_colour
from drol_jax.model import Model
from drol_jax.nets import feature_channels
from drol_jax.online import subnet
from drol_jax.online.augment import augment
from drol_jax.online.augment import shifts as image_shifts
from drol_jax.online.draws import InitDraws, draw
from drol_jax.tracker.appearance import appearance
from drol_jax.tracker.candidates import padded_side
from drol_jax.tracker.fidelity import rules
from drol_jax.tracker.state import ShortTerm, TrackerState


def init_draws(config: Config, key: jax.Array) -> InitDraws:
    """The random values of a track."""
    return draw(key, config.online, feature_channels(config.model), config.search.instance_size)


def weights_of(model: Model, *_: Any) -> Any:
    """Weights among the arguments of `init`, as `compiler_options` takes them."""
    return model.variables


def init(model: Model, frame: Frame | jax.Array, box: jax.Array, draws: InitDraws | None) -> TrackerState:
    """Start a track on its first frame. Safe under jit, vmap and scan.

    Args:
      model: the tracker.
      frame: `Frame`, or uint8 RGB [H, W, 3].
      box: float32 [4] (x, y, w, h), the target, pixels, 0-based.
      draws: from `init_draws`; None with the online subnet off.

    Raises:
      AssertionError: of chex, while it is traced: the box has another shape, as of several targets without vmap.
    """
    frame = as_frame(frame)
    box = jnp.asarray(box, jnp.float32)
    chex.assert_shape(box, (4,), custom_message="init starts one target; vmap starts many")
    config, net = model.config, model.network
    sizes, online, rule = config.search, config.online, rules(config)
    centre, size = target_from_box(box)
    fill = mean_colour(frame)
    padded = padded_side(size, sizes.context_amount)
    side = rule.side(padded)

    def region(pixels: int) -> jax.Array:
        return rule.crop(frame, centre, rule.side(side * (pixels / sizes.exemplar_size)), pixels, fill)

    exemplar = rule.crop(frame, centre, side, sizes.exemplar_size, fill)
    template = net.template(exemplar[None])
    scale = sizes.exemplar_size / padded
    if online.enabled:
        assert draws is not None, "the online subnet starts from random values"
        shifts = image_shifts(draws.shifts, online, sizes.instance_size)
        features = net.feature(augment(region(2 * sizes.instance_size), shifts, online, sizes.instance_size))
    else:
        shifts, features = None, net.feature(region(sizes.instance_size)[None])
    state = TrackerState(
        frame_index=jnp.int32(1),
        centre=centre,
        size=size,
        fill=fill,
        template=template,
        appearance=appearance(config, features[0], size, scale),
        lost_count=jnp.int32(0),
        online=None,
        short_term=None,
        lost=jnp.bool_(False) if config.long_term.enabled else None,
    )
    if config.short_term_template:
        short_term = ShortTerm(template=template, candidate=exemplar, candidate_score=jnp.float32(0))
        state = replace(state, short_term=short_term)
    if draws is not None and shifts is not None:
        started = subnet.start(model, features, shifts, box, scale, draws)
        state = replace(state, online=started)
    return state
