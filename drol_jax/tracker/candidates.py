"""From response maps to one candidate box: decode, penalise, fuse with the online score, choose.

The same functions serve the first and the short-term template. Letters: A anchors, R rows and columns of the
response map, S of the online score map, U of SiamFC's upsampled map.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from drol_jax.config import Config, Hyper
from drol_jax.nets import Response
from drol_jax.tracker.anchors import anchors, hann_window
from drol_jax.tracker.fidelity import PUBLISHED, rules
from drol_jax.tracker.points import decode_points

MINIMUM_SIDE = 10.0  # pixels
DRIFT_DIVISOR = 4.0  # of the displacement while the target is lost, with `short_term_drift`


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Candidate:
    """The best box under one template."""

    centre: jax.Array  # float32 [2] (x, y), pixels
    size: jax.Array  # float32 [2] (w, h), pixels
    score: jax.Array  # float32 (), reported, and compared between templates
    index: jax.Array  # int32 (), its cell in the flat response map


def padded_side(size: jax.Array, context: float) -> jax.Array:
    """Side of the square around a target with its context: sqrt((w + p)(h + p)), p = context * (w + h).

    Args:
      size: [..., 2] (w, h).
    """
    padded = size + context * jnp.sum(size, axis=-1, keepdims=True)
    return jnp.sqrt(padded[..., 0] * padded[..., 1])


def clip(centre: jax.Array, size: jax.Array, image: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Keep the centre in the image and the sides between MINIMUM_SIDE, which comes first, and the image's.

    Args:
      centre: [2] (x, y). size: [2] (w, h). image: int32 [2] (height, width).
    """
    limit = image[::-1].astype(jnp.float32)
    return jnp.clip(centre, 0.0, limit), jnp.maximum(jnp.minimum(size, limit), MINIMUM_SIDE)


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
    """SiamRPN's choice among the anchors, and NanoTrack's among the points.

    Args:
      response: cls [1, R, R, 2A], loc [1, R, R, 4A]; for points A = 1.
      centre, size: [2], the target in the last frame, pixels.
      image: int32 [2] (height, width) that the box is kept in; None leaves it as it comes.
      confidence: [R, R] in 0..1 from `rpn_confidence`; None with the subnet off.
      drifting: bool (), divide the displacement by DRIFT_DIVISOR.
    """
    scale = config.search.exemplar_size / padded_side(size, config.search.context_amount)
    probability, boxes = (decode_points if config.model.anchor_free else decode)(response, config)
    penalty = shape_penalty(boxes[..., 2:], size * scale, hyper.penalty_k)
    fused = penalty * probability
    if confidence is not None:
        fused = (1 - hyper.fusion) * fused + hyper.fusion * confidence
    fused = (1 - hyper.window_influence) * fused + hyper.window_influence * hann_window(config.search.score_size)

    index = jnp.argmax(fused)
    score = probability.reshape(-1)[index]
    box = boxes.reshape(-1, 4)[index] / scale
    displacement = jnp.where(drifting, box[:2] / DRIFT_DIVISOR, box[:2])
    rate = penalty.reshape(-1)[index] * score * hyper.size_lr
    new_centre, new_size = centre + displacement, (1 - rate) * size + rate * box[2:]
    if image is not None:
        new_centre, new_size = clip(new_centre, new_size, image)
    return Candidate(centre=new_centre, size=new_size, score=score, index=index.astype(jnp.int32))


def decode(response: Response, config: Config) -> tuple[jax.Array, jax.Array]:
    """Target probability [A, R, R] and boxes [A, R, R, 4] (x, y, w, h): centre off the crop's, search pixels."""
    assert response.loc is not None
    count = config.model.anchors_per_cell
    r = response.cls.shape[1]
    logits = jnp.transpose(response.cls[0], (2, 0, 1)).reshape(2, count, r, r)
    probability = jax.nn.softmax(logits, axis=0)[1]
    offsets = jnp.transpose(response.loc[0], (2, 0, 1)).reshape(4, count, r, r)
    offsets = jnp.moveaxis(offsets, 0, -1)
    anchor = anchors(config.model, config.search, rules(config).cells(config.search))
    centres = offsets[..., :2] * anchor[..., 2:] + anchor[..., :2]
    return probability, jnp.concatenate([centres, jnp.exp(offsets[..., 2:]) * anchor[..., 2:]], axis=-1)


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
    to_grid = jnp.asarray(rules(config).confidence(score_map.shape[0], config))
    small = to_grid @ score_map @ to_grid.T
    low = jnp.min(small)
    return (small - low) / _or_one(jnp.max(small) - low)


def normalised(scores: jax.Array) -> jax.Array:
    """Shifted to minimum 0 and scaled to sum 1; a level map is 0 everywhere (published: NaN)."""
    scores = scores - jnp.min(scores)
    return scores / _or_one(jnp.sum(scores))


def _or_one(divisor: jax.Array) -> jax.Array:
    """1 in place of 0."""
    return jnp.where(divisor == 0, 1.0, divisor)


def fc_upsampled(response: Response, config: Config) -> jax.Array:
    """SiamFC's response maps [3, R, R] at the resolution that the peak is read from, [3, U, U]."""
    up = jnp.asarray(rules(config).fc_upsampling(config))
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
    fused = normalised(maps[scale])
    side = fused.shape[0]
    if score_map is not None:
        up = jnp.asarray(rules(config).fc_confidence(score_map.shape[0], config))
        fused = (1 - hyper.fusion) * fused + hyper.fusion * normalised(up @ score_map @ up.T)
    window = hann_window(side)
    fused = (1 - hyper.window_influence) * fused + hyper.window_influence * (window / window.sum())

    score, index = first_maximum(fused)
    peak = jnp.stack([index % side, index // side]).astype(jnp.float32)
    pixels = (peak - (side - 1) / 2) * (config.search.stride / config.search.response_upsampling)
    displacement = pixels * displaced_by
    displacement = jnp.where(drifting, displacement / DRIFT_DIVISOR, displacement)
    growth = (1 - hyper.size_lr) + hyper.size_lr * resized_by
    new_centre, new_size = clip(centre + displacement, size * growth, image)
    return Candidate(centre=new_centre, size=new_size, score=score, index=index)


def first_maximum(scores: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Maximum of a map of any shape and the first flat index that has it, float32 () and int32 (); NaN and 0 of a
    map of NaN. For large maps it takes a CPU a third of `argmax`'s time.
    """
    highest = jnp.max(scores)
    places = jnp.arange(scores.size, dtype=jnp.int32).reshape(scores.shape)
    index = jnp.min(jnp.where(scores < highest, scores.size, places))
    # Not `highest`: large maxima may pass over NaN.
    return scores.reshape(-1)[index], index


def short_term_wins(first: Candidate, short_term: Candidate, hyper: Hyper, config: Config | None = None) -> jax.Array:
    """Whether the short-term template's candidate is taken: near enough, and better by a margin (equation 7).

    Args:
      config: its fidelity says how overlap and margin are taken; None: as published.
    """
    rule = PUBLISHED if config is None else rules(config)
    agree = rule.overlap(_corners(short_term), _corners(first)) >= hyper.tau_regression
    margin = hyper.tau_classification
    if config is not None and config.model.head == "siamfc" and rule.fc_alike:
        # SiamFC's maps add up to one: their peaks are tiny numbers, and mean something against each other only.
        margin = margin * first.score
    return agree & (short_term.score - first.score >= margin)


def _corners(candidate: Candidate) -> jax.Array:
    """[2, 2] (low, high) x (x, y), pixels."""
    return jnp.stack([candidate.centre - candidate.size / 2, candidate.centre + candidate.size / 2])
