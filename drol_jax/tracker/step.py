"""`init` and `step`: Algorithm 1 of the paper, one target, one frame, pure.

Both are safe under jit, vmap and scan, keep no state of their own and donate nothing. `config` is static;
`variables` and `hyper` are pytrees.
"""

from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from drol_jax.config import Config, Hyper
from drol_jax.image.boxes import target_from_box
from drol_jax.image.crops import Frame, as_frame, mean_colour
from drol_jax.nets import Network, feature_channels
from drol_jax.online import subnet
from drol_jax.online.augment import augment
from drol_jax.online.augment import shifts as image_shifts
from drol_jax.online.draws import InitDraws, draw
from drol_jax.online.geometry import geometry
from drol_jax.online.localize import Verdict
from drol_jax.online.subnet import OnlineState
from drol_jax.tracker.candidates import clip, padded_side
from drol_jax.tracker.fidelity import rules
from drol_jax.tracker.lazy_cond import Rows, lazy_cond
from drol_jax.tracker.search import Found, search
from drol_jax.tracker.state import ShortTerm, StepOutput, TrackerState


def init_draws(config: Config, key: jax.Array) -> InitDraws:
    """The random values of a track."""
    return draw(key, config.online, feature_channels(config.model), config.search.instance_size)


def init(
    config: Config, variables: Any, hyper: Hyper, frame: Frame | jax.Array, box: jax.Array, draws: InitDraws | None
) -> TrackerState:
    """Start a track on its first frame.

    Args:
      config: the tracker, static.
      variables: network weights.
      hyper: scalars, `Hyper.on_device()`.
      frame: `Frame`, or uint8 RGB [H, W, 3].
      box: float32 [4] (x, y, w, h), the target, pixels, 0-based.
      draws: from `init_draws`; None with the online subnet off.
    """
    frame = as_frame(frame)
    net = Network(config.model, variables, config.precision)
    sizes, online, rule = config.search, config.online, rules(config)
    centre, size = target_from_box(jnp.asarray(box, jnp.float32))
    fill = mean_colour(frame)
    padded = padded_side(size, sizes.context_amount)
    side = rule.side(padded)

    exemplar = rule.crop(frame, centre, side, sizes.exemplar_size, fill)
    template = net.template(exemplar[None])
    state = TrackerState(
        frame_index=jnp.int32(1),
        centre=centre,
        size=size,
        fill=fill,
        template=template,
        lost_count=jnp.int32(0),
        online=None,
        short_term=None,
        lost=jnp.bool_(False) if config.long_term.enabled else None,
    )
    if config.short_term_template:
        short_term = ShortTerm(template=template, candidate=exemplar, candidate_score=jnp.float32(0))
        state = replace(state, short_term=short_term)
    if online.enabled:
        assert draws is not None, "the online subnet starts from random values"
        wide = 2 * sizes.instance_size
        region = rule.crop(frame, centre, rule.side(side * (wide / sizes.exemplar_size)), wide, fill)
        shifts = image_shifts(draws.shifts, online, sizes.instance_size)
        images = augment(region, shifts, online, sizes.instance_size)
        features = net.feature(images)
        scale = sizes.exemplar_size / padded
        started = subnet.start(features, shifts, box, scale, draws, online, hyper, geometry(config))
        state = replace(state, online=started)
    return state


def step(
    config: Config, variables: Any, hyper: Hyper, state: TrackerState, frame: Frame | jax.Array
) -> tuple[TrackerState, StepOutput]:
    """Follow the target into the next frame.

    Args:
      config, variables, hyper, frame: as in `init`.
      state: of the frame before.

    Returns:
      (state, output).
    """
    state, output, _ = advance(config, variables, hyper, state, frame)
    return state, output


def advance(
    config: Config, variables: Any, hyper: Hyper, state: TrackerState, frame: Frame | jax.Array
) -> tuple[TrackerState, StepOutput, Found]:
    """As `step`, and what the search found: score map, sample, cell."""
    frame = as_frame(frame)
    found = search(config, variables, hyper, state, frame)
    state, output = follow(config, variables, hyper, state, frame, found)
    return state, output, found


def follow(
    config: Config,
    variables: Any,
    hyper: Hyper,
    state: TrackerState,
    frame: Frame,
    found: Found,
    active: jax.Array | bool = True,
) -> tuple[TrackerState, StepOutput]:
    """The rest of a step, after its search: `remember`, the refit where one is due, `conclude`.

    Args:
      active: bool (), False for a lane without target: nothing is learned, refitted or renewed.
    """
    old_size = state.size
    state, due = remember(config, hyper, state, found, frame, active)
    if state.online is not None and found.localisation is not None:
        online = state.online
        samples = Rows(all=online.memory.features, first=jnp.int32(0))
        rest = replace(online, memory=replace(online.memory, features=None)), samples, is_hard_negative(found), hyper
        # With 60 samples four lanes together take an H200 1.1 ms and one alone .7, with 250 samples 3.0 and 1.1.
        filter = lazy_cond(partial(_refit, config), at_once=4)(due, online.filter, rest)
        state = replace(state, online=replace(online, filter=filter))
    return conclude(config, variables, hyper, state, found, frame, old_size, due, active)


def _refit(config: Config, filter: jax.Array, rest: tuple[OnlineState, Rows, jax.Array, Hyper]) -> jax.Array:
    online, samples, hard_negative, hyper = rest
    online = replace(online, filter=filter, memory=replace(online.memory, features=samples.all))
    return subnet.refit(online, hard_negative, config.online, hyper, samples.first)


def is_hard_negative(found: Found) -> jax.Array:
    """bool (): there is a distractor to train against."""
    assert found.localisation is not None
    return found.localisation.judgement.verdict == Verdict.HARD_NEGATIVE


def remember(
    config: Config, hyper: Hyper, state: TrackerState, found: Found, frame: Frame, active: jax.Array | bool = True
) -> tuple[TrackerState, jax.Array]:
    """Move to what was found and keep the frame as a sample (section 3.3).

    Nothing is learned from an enlarged search region.

    Returns:
      (state, due): bool (), whether the filter is to be refitted: at intervals, and at once on a hard negative.
    """
    state = replace(
        state,
        frame_index=state.frame_index + 1,
        centre=found.candidate.centre,
        size=found.candidate.size,
        lost_count=found.lost_count,
    )
    if state.online is None or found.localisation is None:
        return state, jnp.bool_(False)
    learn = active if state.lost is None else ~state.lost & active
    box = _box(config, state, frame)
    online = subnet.remember(state.online, found.localisation, box, learn, config.online, hyper, geometry(config))
    due = (is_hard_negative(found) | ((state.frame_index - 1) % hyper.refit_interval == 0)) & learn
    return replace(state, online=online), due


def conclude(
    config: Config,
    variables: Any,
    hyper: Hyper,
    state: TrackerState,
    found: Found,
    frame: Frame,
    old_size: jax.Array,
    refitted: jax.Array,
    active: jax.Array | bool = True,
) -> tuple[TrackerState, StepOutput]:
    """Decide whether the target is lost, renew the template, tell what was found.

    Args:
      state: from `remember`, with the filter that was due.
      old_size: [2] (w, h), the target's size before the step.
      refitted: bool (), to be told.
    """
    state = decide_whether_lost(hyper, state, found)
    state = _renew_template(config, variables, hyper, state, found, frame, old_size, active)
    localisation = found.localisation
    output = StepOutput(
        box=_box(config, state, frame),
        score=found.candidate.score,
        verdict=jnp.int32(Verdict.OFF) if localisation is None else localisation.judgement.verdict,
        online_score=jnp.float32(jnp.nan) if localisation is None else localisation.judgement.peak,
        template=found.template,
        refitted=refitted,
        lost=jnp.bool_(False) if state.lost is None else state.lost,
        mask=found.mask,
    )
    return state, output


def _box(config: Config, state: TrackerState, frame: Frame) -> jax.Array:
    # Only the long-term tracker's target can be outside the image.
    return rules(config).box(*clip(state.centre, state.size, frame.size))


def decide_whether_lost(hyper: Hyper, state: TrackerState, found: Found) -> TrackerState:
    """Long-term: a poor score loses the target, a very good one finds it again, between them all stays as it is."""
    if state.lost is None:
        return state
    score = found.candidate.score
    return replace(state, lost=(score < hyper.confidence_low) | (state.lost & (score <= hyper.confidence_high)))


def _renew_template(
    config: Config,
    variables: Any,
    hyper: Hyper,
    state: TrackerState,
    found: Found,
    frame: Frame,
    old_size: jax.Array,
    active: jax.Array | bool,
) -> TrackerState:
    """Keep the best frame's crop as candidate; at intervals it becomes the short-term template (equation 6)."""
    if state.short_term is None or found.localisation is None:
        return state
    judgement = found.localisation.judgement
    short_term = state.short_term
    better = (
        (judgement.peak >= hyper.template_threshold)
        & (judgement.verdict != Verdict.HARD_NEGATIVE)
        & (judgement.peak > short_term.candidate_score)
        & active
    )

    rule = rules(config)

    def cut(carried, rest):
        frame, centre, size = rest
        fill = mean_colour(frame)
        side = padded_side(size, config.search.context_amount)
        return rule.crop(frame, centre, side, config.search.exemplar_size, fill), fill

    size = rule.renewal(old_size, state.size)
    candidate, fill = lazy_cond(cut)(better, (short_term.candidate, state.fill), (frame, state.centre, size))
    score = jnp.where(better, judgement.peak, short_term.candidate_score)
    # Published: SiamMask's frame counter stands still, so that every frame is due.
    stands_still = config.model.mask and rule.mask_renews_always
    due = jnp.bool_(True) if stands_still else (state.frame_index - 1) % hyper.template_interval == 0
    due = due & active

    def renew(template, rest):
        candidate, variables = rest
        return Network(config.model, variables, config.precision).template(candidate[None])

    template = lazy_cond(renew)(due, short_term.template, (candidate, variables))
    short_term = ShortTerm(template=template, candidate=candidate, candidate_score=jnp.where(due, 0.0, score))
    return replace(state, fill=fill if rule.lasting_fill else state.fill, short_term=short_term)
