"""The search in one region, with a box at every place of the response: what anchors and points share.

Letters: A anchors, R rows and columns of the response map, S of the online score map.
"""

from dataclasses import replace

import jax
import jax.numpy as jnp

from drol_jax.config import Config, Hyper
from drol_jax.image.crops import Frame
from drol_jax.model import Model
from drol_jax.nets import Response, Template
from drol_jax.system.lazy_cond import lazy_cond
from drol_jax.tracker.candidates import DRIFT_DIVISOR, Candidate, clip, fuse, or_one, padded_side
from drol_jax.tracker.families import family_of
from drol_jax.tracker.fidelity import rules
from drol_jax.tracker.masks import mask_at
from drol_jax.tracker.outcome import Found, View, ask_online, chosen, region_side
from drol_jax.tracker.places import hann_window
from drol_jax.tracker.state import TrackerState

LOST_WINDOW_INFLUENCE = 0.001  # in the enlarged search region


def search_rpn(model: Model, state: TrackerState, frame: Frame, map_size: int | None = None) -> Found:
    """One search region, anchors around every cell (SiamRPN) or a point in it (NanoTrack).

    Args:
      map_size: rows and columns of the online score map; by default the search region's.
    """
    config, hyper, net = model.config, model.hyper, model.network
    rule = rules(config)
    side = rule.side(region_side(config, state))
    region = rule.crop(frame, state.centre, side, config.search.instance_size, state.fill)
    seen = net.search(region[None])
    localisation, lost_count, drifting = ask_online(model, state, seen.feature[0], 1.0, map_size)
    confidence = None if localisation is None else rpn_confidence(localisation.score_map, config)
    # The long-term tracker's target may leave the image.
    image = None if config.long_term.enabled else frame.size

    def candidate(template: Template) -> Candidate:
        response = net.match(template, seen)
        return rpn_candidate(response, state.centre, state.size, image, confidence, drifting, config, hyper)

    first = candidate(state.template)
    second = None if state.short_term is None else candidate(state.short_term.template)
    view = View(feature=seen.feature[0], scale=config.search.instance_size / side)
    found = chosen(model, state, view, (localisation, lost_count), first, second)
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


def rpn_candidate(
    response: Response,
    centre: jax.Array,
    size: jax.Array,
    image: jax.Array | None,
    confidence: jax.Array | None,
    drifting: jax.Array,
    config: Config,
    hyper: Hyper,
) -> Candidate:
    """The choice among a family's boxes, anchors or points.

    Args:
      response: cls [1, R, R, 2A], loc [1, R, R, 4A]; for points A = 1.
      centre, size: [2], the target in the last frame, pixels.
      image: int32 [2] (height, width) that the box is kept in; None leaves it as it comes.
      confidence: [R, R] in 0..1 from `rpn_confidence`; None with the subnet off.
      drifting: bool (), divide the displacement by DRIFT_DIVISOR.
    """
    scale = config.search.exemplar_size / padded_side(size, config.search.context_amount)
    probability, boxes, penalty, fused = _fused(response, size * scale, confidence, config, hyper)
    index = jnp.argmax(fused)
    score = probability.reshape(-1)[index]
    box = boxes.reshape(-1, 4)[index] / scale
    displacement = jnp.where(drifting, box[:2] / DRIFT_DIVISOR, box[:2])
    rate = penalty.reshape(-1)[index] * score * hyper.size_lr
    new_centre, new_size = centre + displacement, (1 - rate) * size + rate * box[2:]
    if image is not None:
        new_centre, new_size = clip(new_centre, new_size, image)
    return Candidate(centre=new_centre, size=new_size, score=score, index=index.astype(jnp.int32))


def rpn_maps(
    model: Model, state: TrackerState, frame: Frame
) -> tuple[jax.Array, jax.Array | None, jax.Array, jax.Array, jax.Array]:
    """What `search_rpn` sees by the first template.

    Returns:
      (class probability [R, R], online score map [S, S] or None, fused map [R, R], both the largest of a place's
      anchors; side of the search region and side of what the two maps cover, pixels of the image).
    """
    config, net, rule = model.config, model.network, rules(model.config)
    search = config.search
    side = rule.side(region_side(config, state))
    seen = net.search(rule.crop(frame, state.centre, side, search.instance_size, state.fill)[None])
    localisation, _, _ = ask_online(model, state, seen.feature[0], 1.0)
    score_map = None if localisation is None else localisation.score_map
    confidence = None if score_map is None else rpn_confidence(score_map, config)
    response = net.match(state.template, seen)
    scale = search.exemplar_size / padded_side(state.size, search.context_amount)
    probability, _, _, fused = _fused(response, state.size * scale, confidence, config, model.hyper)
    cells = (search.score_size, search.score_size)
    siamese, best = (values.reshape(-1, *cells).max(axis=0) for values in (probability, fused))
    return siamese, score_map, best, side, side * (search.score_size * search.stride / search.instance_size)


def _fused(
    response: Response, size: jax.Array, confidence: jax.Array | None, config: Config, hyper: Hyper
) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
    """(class probability, boxes, penalty, fused): what speaks for each box of a response, [A, R, R] each.

    Args:
      size: [2] (w, h), the target in the last frame, search pixels.
      confidence: as in `rpn_candidate`.
    """
    probability, boxes = family_of(config).read(response, config)
    penalty = shape_penalty(boxes[..., 2:], size, hyper.penalty_k)
    fused = penalty * probability
    if confidence is not None:
        fused = fuse(config)(fused, confidence[None], hyper.fusion)
    window = jnp.asarray(hann_window(config.search.score_size))[None]
    return probability, boxes, penalty, (1 - hyper.window_influence) * fused + hyper.window_influence * window


def shape_penalty(sizes: jax.Array, size: jax.Array, penalty_k: jax.Array) -> jax.Array:
    """exp(-k (r s - 1)), r and s the changes of aspect ratio and of padded side against `size`.

    Args:
      sizes: [..., 2] (w, h). size: [2] (w, h), same unit.
    """

    def change(ratio):
        return jnp.maximum(ratio, 1 / ratio)

    # Context of a half on both sides of the ratio, whatever the crops' context is (published).
    scale = change(padded_side(sizes, 0.5) / padded_side(size, 0.5))
    aspect = change((size[0] / size[1]) / (sizes[..., 0] / sizes[..., 1]))
    return jnp.exp(-(scale * aspect - 1) * penalty_k)


def rpn_confidence(score_map: jax.Array, config: Config) -> jax.Array:
    """The online score map [S, S] on the response map's grid [R, R], stretched to 0..1 (published: in every frame).

    A level map, which says nothing, is 0 everywhere (published: NaN).
    """
    to_grid = jnp.asarray(family_of(config).confidence(score_map.shape[0], config))
    small = to_grid @ score_map @ to_grid.T
    low = jnp.min(small)
    return (small - low) / or_one(jnp.max(small) - low)
