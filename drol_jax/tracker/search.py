"""The search of one frame: SiamRPN's (and NanoTrack's) and SiamFC's, siblings with one interface."""

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp

from drol_jax.config import Config, Hyper
from drol_jax.image.crops import Frame
from drol_jax.model import Model
from drol_jax.nets import Template
from drol_jax.online import subnet
from drol_jax.online.geometry import Region
from drol_jax.online.localize import Verdict
from drol_jax.online.subnet import Localisation
from drol_jax.system.lazy_cond import lazy_cond
from drol_jax.tracker.candidates import (
    Candidate,
    fc_best_scale,
    fc_candidate,
    fc_upsampled,
    padded_side,
    rpn_candidate,
    rpn_confidence,
    short_term_wins,
)
from drol_jax.tracker.fidelity import rules
from drol_jax.tracker.masks import Mask, mask_at
from drol_jax.tracker.state import TrackerState

DRIFT_AFTER = 8  # lost frames
LOST_WINDOW_INFLUENCE = 0.001  # in the enlarged search region


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Found:
    """Outcome of a search."""

    candidate: Candidate
    template: jax.Array  # int32 (), 0 first, 1 short-term
    localisation: Localisation | None  # None with the online subnet off
    lost_count: jax.Array  # int32 ()
    mask: Mask | None = None  # None without mask branch


def search(model: Model, state: TrackerState, frame: Frame) -> Found:
    """Look for the target around its last place."""
    if model.config.model.head == "siamfc":
        return search_fc(model, state, frame)
    if model.config.long_term.enabled:
        return search_long_term(model, state, frame)
    return search_rpn(model, state, frame)


def search_rpn(model: Model, state: TrackerState, frame: Frame, map_size: int | None = None) -> Found:
    """One search region, anchors around every cell (SiamRPN) or a point in it (NanoTrack).

    Args:
      map_size: rows and columns of the online score map; by default the search region's.
    """
    config, hyper, net = model.config, model.hyper, model.network
    rule = rules(config)
    side = rule.side(_side(config, state))
    region = rule.crop(frame, state.centre, side, config.search.instance_size, state.fill)
    seen = net.search(region[None])
    localisation, lost_count, drifting = _ask_online(model, state, seen.feature[0], 1.0, map_size)
    confidence = None if localisation is None else rpn_confidence(localisation.score_map, config)
    # The long-term tracker's target may leave the image.
    image = None if config.long_term.enabled else frame.size

    def candidate(template: Template) -> Candidate:
        response = net.match(template, seen)
        return rpn_candidate(response, state.centre, state.size, image, confidence, drifting, config, hyper)

    first = candidate(state.template)
    second = None if state.short_term is None else candidate(state.short_term.template)
    found = _chosen(first, second, localisation, lost_count, config, hyper)
    if config.model.mask:
        template = rule.mask_template(found.template, state)
        index, edge = found.candidate.index, rule.mask_corner
        found = replace(found, mask=mask_at(net, template, seen, index, state.centre, side, config.search, edge))
    return found


def search_long_term(model: Model, state: TrackerState, frame: Frame) -> Found:
    """SiamRPN-LT: while the target is lost, the enlarged region's word counts; an unsure box is not followed."""
    config = model.config
    near = search_rpn(model, state, frame)
    enlarged = replace(config, search=replace(config.search, instance_size=config.long_term.lost_instance_size))

    def wide(near, rest):
        model, state, frame = rest
        hyper = replace(model.hyper, window_influence=jnp.float32(LOST_WINDOW_INFLUENCE))
        # Published: the score map keeps the ordinary size and scale.
        size = None if rules(config).enlarged_map else config.search.instance_size
        found = search_rpn(replace(model, config=enlarged, hyper=hyper), state, frame, map_size=size)
        if found.localisation is None:
            return found
        # Nothing is learned in the enlarged region, so its larger arrays go no further.
        localisation = replace(found.localisation, feature=near.localisation.feature)
        if size is None:
            localisation = replace(localisation, score_map=near.localisation.score_map)
        return replace(found, localisation=localisation)

    assert state.lost is not None
    found = lazy_cond(wide)(state.lost, near, (model, state, frame))
    sure = found.candidate.score >= model.hyper.confidence_low
    centre = jnp.where(sure, found.candidate.centre, state.centre)
    size = jnp.where(sure, found.candidate.size, state.size)
    return replace(found, candidate=replace(found.candidate, centre=centre, size=size))


def search_fc(model: Model, state: TrackerState, frame: Frame) -> Found:
    """Three scales of the search region, the peak of the best (SiamFC)."""
    config, hyper, net = model.config, model.hyper, model.network
    sizes, rule = config.search, rules(config)
    scales = sizes.scale_step ** jnp.arange(-1.0, 2.0)
    sides = rule.side(_side(config, state) * scales)
    regions = jax.vmap(lambda side: rule.crop(frame, state.centre, side, sizes.instance_size, state.fill))(sides)
    seen = net.search(regions)

    maps = fc_upsampled(net.match(state.template, seen), config)
    best = fc_best_scale(maps, hyper)
    localisation, lost_count, drifting = _ask_online(model, state, seen.feature[best], scales[best])
    # Image pixels per search pixel in the crop that the first template chose, for both templates.
    side = padded_side(state.size, sizes.context_amount)
    displaced_by = side / sizes.exemplar_size * scales[best]
    score_map = None if localisation is None else localisation.score_map

    def candidate(maps, scale, score_map) -> Candidate:
        return fc_candidate(
            maps,
            scale,
            scales[scale],
            displaced_by,
            state.centre,
            state.size,
            frame.size,
            score_map,
            drifting,
            config,
            hyper,
        )

    first, second = candidate(maps, best, score_map), None
    if state.short_term is not None:
        maps = fc_upsampled(net.match(state.short_term.template, seen), config)
        # Published: read at a scale of its own, without the subnet's word.
        alike = rule.fc_alike
        second = candidate(maps, best, score_map) if alike else candidate(maps, fc_best_scale(maps, hyper), None)
    return _chosen(first, second, localisation, lost_count, config, hyper)


def _side(config: Config, state: TrackerState) -> jax.Array:
    """Side of the search region in the image, pixels."""
    geometry = config.search
    return padded_side(state.size, geometry.context_amount) * (geometry.instance_size / geometry.exemplar_size)


def _ask_online(
    model: Model, state: TrackerState, feature: jax.Array, widened: jax.Array | float, map_size: int | None = None
) -> tuple[Localisation | None, jax.Array, jax.Array]:
    """(sighting, lost_count, drifting): the online subnet's word on a region `widened` times as wide as usual.

    Args:
      feature: [L, L, C], the region's.
      map_size: rows and columns of the score map; by default the region's.
    """
    if state.online is None:
        return None, state.lost_count, jnp.bool_(False)
    config = model.config
    scale = config.search.exemplar_size / (padded_side(state.size, config.search.context_amount) * widened)
    region = Region(centre=state.centre, size=state.size, scale=scale)
    localisation = subnet.localise(model, state.online, feature, region, map_size)
    lost = localisation.judgement.verdict == Verdict.NOT_FOUND
    lost_count = jnp.where(lost, state.lost_count + 1, 0)
    drifting = (lost_count >= DRIFT_AFTER) & drifts(config)
    return localisation, lost_count, drifting


def drifts(config: Config) -> bool:
    """Whether the tracker moves cautiously while lost; SiamMask and the long-term tracker never do (published)."""
    return config.online.short_term_drift and not (config.model.mask or config.long_term.enabled)


def _chosen(
    first: Candidate,
    second: Candidate | None,
    localisation: Localisation | None,
    lost_count: jax.Array,
    config: Config,
    hyper: Hyper,
) -> Found:
    """The short-term template's candidate where it is near the first one's and clearly better."""
    if second is None:
        return Found(candidate=first, template=jnp.int32(0), localisation=localisation, lost_count=lost_count)
    wins = short_term_wins(first, second, hyper, config)
    candidate = jax.tree.map(lambda a, b: jnp.where(wins, b, a), first, second)
    return Found(candidate=candidate, template=wins.astype(jnp.int32), localisation=localisation, lost_count=lost_count)
