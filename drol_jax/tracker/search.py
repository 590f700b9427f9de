"""The search of one frame: SiamRPN's (and NanoTrack's) and SiamFC's, siblings with one interface."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from drol_jax.config import Config, Hyper
from drol_jax.crops import Frame
from drol_jax.nets import Network, Template
from drol_jax.online import subnet
from drol_jax.online.geometry import Region, geometry
from drol_jax.online.localize import Verdict
from drol_jax.online.subnet import Sighting
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
from drol_jax.tracker.state import TrackerState

DRIFT_AFTER = 8  # lost frames


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Found:
    """Outcome of a search."""

    candidate: Candidate
    template: jax.Array  # int32 (), 0 first, 1 short-term
    sighting: Sighting | None  # None with the online subnet off
    lost_count: jax.Array  # int32 ()


def search(config: Config, variables: Any, hyper: Hyper, state: TrackerState, frame: Frame) -> Found:
    """Look for the target around its last place."""
    one = search_fc if config.model.head == "siamfc" else search_rpn
    return one(config, variables, hyper, state, frame)


def search_rpn(config: Config, variables: Any, hyper: Hyper, state: TrackerState, frame: Frame) -> Found:
    """One search region, anchors around every cell (SiamRPN) or a point in it (NanoTrack)."""
    region = _regions(config, state, frame, jnp.ones(1))
    net = Network(config.model, variables)
    seen = net.search(region)
    sighting, lost_count, drifting = _ask_online(config, hyper, state, seen.feature[0], jnp.float32(1))
    confidence = None if sighting is None else rpn_confidence(sighting.score_map, config)

    def candidate(template: Template) -> Candidate:
        response = net.match(template, seen)
        return rpn_candidate(response, state.centre, state.size, frame.size, confidence, drifting, config, hyper)

    first = candidate(state.template)
    second = None if state.short_term is None else candidate(state.short_term.template)
    return _chosen(first, second, sighting, lost_count, config, hyper)


def search_fc(config: Config, variables: Any, hyper: Hyper, state: TrackerState, frame: Frame) -> Found:
    """Three scales of the search region, the peak of the best (SiamFC)."""
    alike = rules(config).fc_alike
    scales = config.search.scale_step ** jnp.arange(-1.0, 2.0)
    regions = _regions(config, state, frame, scales)
    net = Network(config.model, variables)
    seen = net.search(regions)

    maps = fc_upsampled(net.match(state.template, seen), config)
    best = fc_best_scale(maps, hyper)
    sighting, lost_count, drifting = _ask_online(config, hyper, state, seen.feature[best], scales[best])
    # Image pixels per search pixel in the crop that the first template chose, for both templates.
    side = padded_side(state.size, config.search.context_amount)
    displaced_by = side / config.search.exemplar_size * scales[best]
    score_map = None if sighting is None else sighting.score_map

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
        second = candidate(maps, best, score_map) if alike else candidate(maps, fc_best_scale(maps, hyper), None)
    return _chosen(first, second, sighting, lost_count, config, hyper)


def _regions(config: Config, state: TrackerState, frame: Frame, scales: jax.Array) -> jax.Array:
    """Search regions uint8 [len(scales), S, S, 3] about the last centre."""
    size, rule = config.search.instance_size, rules(config)
    side = padded_side(state.size, config.search.context_amount) * (size / config.search.exemplar_size)
    return jax.vmap(lambda s: rule.crop(frame, state.centre, rule.side(side * s), size, state.fill))(scales)


def _ask_online(
    config: Config, hyper: Hyper, state: TrackerState, feature: jax.Array, widened: jax.Array
) -> tuple[Sighting | None, jax.Array, jax.Array]:
    """(sighting, lost_count, drifting): the online subnet's word on the region, feature [L, L, C], `widened` times
    as wide as usual."""
    if state.online is None:
        return None, state.lost_count, jnp.bool_(False)
    scale = config.search.exemplar_size / (padded_side(state.size, config.search.context_amount) * widened)
    region = Region(centre=state.centre, size=state.size, scale=scale)
    sighting = subnet.look(state.online, feature, region, config.online, hyper, geometry(config))
    lost = sighting.judgement.verdict == Verdict.NOT_FOUND
    lost_count = jnp.where(lost, state.lost_count + 1, 0)
    drifting = (lost_count >= DRIFT_AFTER) & config.online.short_term_drift
    return sighting, lost_count, drifting


def _chosen(
    first: Candidate,
    second: Candidate | None,
    sighting: Sighting | None,
    lost_count: jax.Array,
    config: Config,
    hyper: Hyper,
) -> Found:
    """The short-term template's candidate where it is near the first one's and clearly better."""
    if second is None:
        return Found(candidate=first, template=jnp.int32(0), sighting=sighting, lost_count=lost_count)
    wins = short_term_wins(first, second, hyper, config)
    candidate = jax.tree.map(lambda a, b: jnp.where(wins, b, a), first, second)
    return Found(candidate=candidate, template=wins.astype(jnp.int32), sighting=sighting, lost_count=lost_count)
