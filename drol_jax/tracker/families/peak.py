"""The family of peaks (SiamFC): three scales of the search region, and the highest place of the best one's map.

Letters: R rows and columns of the response map, S of the online score map, U of the upsampled map.
"""

import jax
import jax.numpy as jnp

from drol_jax.config import Config, Hyper, ModelConfig, SearchConfig
from drol_jax.image.crops import Frame
from drol_jax.model import Model
from drol_jax.nets import Response
from drol_jax.tracker.candidates import (
    DRIFT_DIVISOR,
    Candidate,
    clip,
    first_maximum,
    fuse,
    normalised,
    or_one,
    padded_side,
)
from drol_jax.tracker.fidelity import rules
from drol_jax.tracker.outcome import Found, View, ask_online, chosen, region_side
from drol_jax.tracker.places import hann_window
from drol_jax.tracker.state import TrackerState

SCORES_ARE_SHARES = True
"""Maps add up to one: their peaks are tiny numbers, and mean something against each other only."""
NO_PENALTY = 1.0
"""`Hyper.penalty_k` with which all sizes count alike."""


def places_a_cell(model: ModelConfig) -> int:
    """One number."""
    return 1


def scales_of(search: SearchConfig) -> jax.Array:
    """Sides of the regions that are searched in each frame, as factors on the usual one, float32 [3]."""
    return search.scale_step ** jnp.arange(-1.0, 2.0)


def search(model: Model, state: TrackerState, frame: Frame) -> Found:
    """Three scales of the search region, the peak of the best (SiamFC)."""
    config, hyper, net = model.config, model.hyper, model.network
    sizes, rule = config.search, rules(config)
    scales = scales_of(sizes)
    sides = rule.side(region_side(config, state) * scales)
    regions = jax.vmap(lambda side: rule.crop(frame, state.centre, side, sizes.instance_size, state.fill))(sides)
    seen = net.search(regions)

    maps = fc_upsampled(net.match(state.template, seen), config)
    best = fc_best_scale(maps, hyper)
    localisation, lost_count, drifting = ask_online(model, state, seen.feature[best], scales[best])
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
    view = View(feature=seen.feature[best], scale=sizes.instance_size / sides[best])
    return chosen(model, state, view, (localisation, lost_count), first, second)


def fc_upsampled(response: Response, config: Config) -> jax.Array:
    """SiamFC's response maps [3, R, R] at the resolution that the peak is read from, [3, U, U]."""
    up = jnp.asarray(rules(config).fc_upsampling(config.search))
    return up @ response.cls[..., 0] @ up.T


def fc_best_scale(maps: jax.Array, hyper: Hyper) -> jax.Array:
    """Index of the scale with the highest peak, the outer ones penalised. maps: [3, U, U]."""
    penalty = jnp.ones(3).at[jnp.array([0, 2])].set(hyper.penalty_k)
    return jnp.argmax(jnp.max(maps, axis=(1, 2)) * penalty)


def fc_candidate(
    maps: jax.Array,
    scale: jax.Array,
    resized_by: jax.Array,
    displaced_by: jax.Array,
    centre: jax.Array,
    size: jax.Array,
    image: jax.Array,
    score_map: jax.Array | None,
    drifting: jax.Array,
    config: Config,
    hyper: Hyper,
) -> Candidate:
    """SiamFC's peak.

    Args:
      maps: [3, U, U] from `fc_upsampled`.
      scale: int32 (), the map to read.
      resized_by: (), the target's growth, that map's scale.
      displaced_by: (), image pixels per search pixel of the crop that displacements are read in.
      centre, size: [2], the target in the last frame, pixels.
      image: int32 [2] (height, width).
      score_map: [S, S], online; None with the subnet off, and as published for the short-term template.
      drifting: bool (), divide the displacement by DRIFT_DIVISOR.
    """
    fused = _fused(maps[scale], score_map, config, hyper)
    side = fused.shape[0]
    score, index = first_maximum(fused)
    peak = jnp.stack([index % side, index // side]).astype(jnp.float32)
    pixels = (peak - (side - 1) / 2) * (config.search.stride / config.search.response_upsampling)
    displacement = pixels * displaced_by
    displacement = jnp.where(drifting, displacement / DRIFT_DIVISOR, displacement)
    growth = (1 - hyper.size_lr) + hyper.size_lr * resized_by
    new_centre, new_size = clip(centre + displacement, size * growth, image)
    return Candidate(centre=new_centre, size=new_size, score=score, index=index)


def maps(
    model: Model, state: TrackerState, frame: Frame
) -> tuple[jax.Array, jax.Array | None, jax.Array, jax.Array, jax.Array]:
    """What `search` sees by the first template, in its best scale.

    Returns:
      (response [U, U] from 0 to 1, online score map [S, S] or None, fused map [U, U] from 0 to 1; side of the search
      region and side of what the two maps cover, pixels of the image).
    """
    config, net, sizes = model.config, model.network, model.config.search
    rule, scales = rules(config), scales_of(sizes)
    sides = rule.side(region_side(config, state) * scales)
    regions = jax.vmap(lambda side: rule.crop(frame, state.centre, side, sizes.instance_size, state.fill))(sides)
    seen = net.search(regions)
    responses = fc_upsampled(net.match(state.template, seen), config)
    best = fc_best_scale(responses, model.hyper)
    localisation, _, _ = ask_online(model, state, seen.feature[best], scales[best])
    score_map = None if localisation is None else localisation.score_map
    fused = _fused(responses[best], score_map, config, model.hyper)
    siamese = normalised(responses[best])
    side = sides[best]
    grid = side * (sizes.score_size * sizes.stride / sizes.instance_size)
    return siamese / or_one(jnp.max(siamese)), score_map, fused / or_one(jnp.max(fused)), side, grid


def _fused(response: jax.Array, score_map: jax.Array | None, config: Config, hyper: Hyper) -> jax.Array:
    """[U, U], what the peak is read from, of one scale's response [U, U]."""
    fused = normalised(response)
    side = fused.shape[0]
    if score_map is not None:
        up = jnp.asarray(rules(config).fc_confidence(score_map.shape[0], config.search))
        fused = fuse(config)(fused, normalised(up @ score_map @ up.T), hyper.fusion)
    window = hann_window(side)
    return (1 - hyper.window_influence) * fused + hyper.window_influence * (window / window.sum())
