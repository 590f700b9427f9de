"""What is summed in a loss, over which places, and the losses of networks that tell a box at every place.

Sources: SiamRPN++ (Li et al., CVPR 2019) as PySOT trains it. Letters as in `targets`.
"""

from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp

from drol_jax.config import Config
from drol_jax.nets import Response
from drol_jax.train.families import family
from drol_jax.train.targets import Targets, split


@dataclass(frozen=True, kw_only=True)
class LossSettings:
    """What is summed, and over which places."""

    positive_overlap: float = 0.6
    """Anchors that overlap the target by more are positive."""
    negative_overlap: float = 0.3
    """Anchors that overlap it by less are negative."""
    positives: int = 16
    """Most positive places of a pair that count."""
    negatives: int = 48
    """Most negative places of a pair with the target that count."""
    negatives_without: int = 16
    """Most negative places of a pair without it that count."""
    hard: float = 0.0
    """Share of the negatives that are those that look most like the target, not drawn."""
    cls_weight: float = 1.0
    loc_weight: float = 1.2
    distance: Literal["l1", "smooth_l1"] = "l1"
    """Distance of offsets from anchors; points are trained on 1 - overlap."""
    mask_weight: float = 36.0
    mask: Literal["refined", "coarse", "both"] = "both"
    """Which of SiamMask's masks are trained: the decoder's, those of every cell, or both."""
    mask_cells: int = 4
    """Most positive cells of a pair whose masks count."""
    radius: float = 2.0
    """SiamFC: cells up to so many cells from the target's centre are positive."""
    response_scale: float = 1e-3
    """SiamFC: factor from a response to a logit; trackers compare responses, which no factor changes."""


def draw(allowed: jax.Array, count: int, key: jax.Array) -> jax.Array:
    """At most `count` of the allowed places of every row, each as likely as the others.

    Args:
      allowed: bool [B, N].

    Returns:
      bool [B, N].
    """
    return _highest(allowed, jax.random.uniform(key, allowed.shape), count)


def _highest(allowed: jax.Array, score: jax.Array, count: int) -> jax.Array:
    if count == 0:
        return jnp.zeros_like(allowed)
    best = jax.lax.top_k(jnp.where(allowed, score, -jnp.inf), min(count, allowed.shape[1]))[1]
    chosen = jnp.zeros_like(allowed).at[jnp.arange(allowed.shape[0])[:, None], best].set(True)
    return chosen & allowed


def choose_places(
    targets: Targets, likeness: jax.Array, present: jax.Array, settings: LossSettings, key: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """The places that count: (positive, negative), bool [B, A, R, R].

    Args:
      likeness: [B, A, R, R], how much each place looks like the target, for hard negatives; no gradient.
      present: bool [B], pairs with the target.
    """
    shape = targets.positive.shape
    flat = [x.reshape(shape[0], -1) for x in (targets.positive, targets.negative, likeness)]
    keys = jax.random.split(key, 3)
    positive = draw(flat[0], settings.positives, keys[0])

    def negatives(most: int, key: jax.Array) -> jax.Array:
        hard = _highest(flat[1], flat[2], round(settings.hard * most))
        return hard | draw(flat[1] & ~hard, most - round(settings.hard * most), key)

    with_target = negatives(settings.negatives, keys[1])
    without = negatives(settings.negatives_without, keys[2])
    negative = jnp.where(present[:, None], with_target, without)
    return positive.reshape(shape), negative.reshape(shape)


def mean_over(values: jax.Array, chosen: jax.Array) -> jax.Array:
    """Mean of the chosen values; 0 where there are none."""
    return jnp.sum(jnp.where(chosen, values, 0)) / jnp.maximum(jnp.sum(chosen), 1).astype(jnp.float32)


def rpn_losses(
    response: Response,
    targets: Targets,
    present: jax.Array,
    config: Config,
    settings: LossSettings,
    key: jax.Array,
) -> tuple[dict[str, jax.Array], jax.Array]:
    """The losses of a network that tells a box at every place: SiamRPN's, or those of point heads.

    Args:
      present: bool [B], pairs with the target.
      key: of the draw of places.

    Returns:
      Scalars `cls`, `loc`, and `overlap`, the mean overlap of the most probable box with the true one, which is no
      loss; and the positive places, bool [B, A, R, R].
    """
    assert response.loc is not None and targets.offsets is not None
    model = config.model
    logits = jax.nn.log_softmax(split(response.cls, model, 2), axis=-1)
    said = split(response.loc, model, 4)
    likeness = jax.lax.stop_gradient(logits[..., 1])
    positive, negative = choose_places(targets, likeness, present, settings, key)
    cls = -0.5 * (mean_over(logits[..., 1], positive) + mean_over(logits[..., 0], negative))
    away = family(model).away(said, targets.offsets, positive, settings.distance)
    count = jnp.sum(positive, axis=(1, 2, 3), keepdims=True).astype(jnp.float32)
    loc = jnp.sum(jnp.where(positive, away, 0) / jnp.maximum(count, 1)) / positive.shape[0]
    found = mean_over(_best_overlap(said, targets.offsets, likeness, config), present)
    return {"cls": cls, "loc": loc, "overlap": found}, positive


def _best_overlap(said: jax.Array, wanted: jax.Array, likeness: jax.Array, config: Config) -> jax.Array:
    """[B] overlap of the box at the most target-like place with the true one."""
    best = jnp.argmax(likeness.reshape(likeness.shape[0], -1), axis=1)

    def at_best(x):
        flat = x.reshape(x.shape[0], -1, 4)
        return jnp.take_along_axis(flat, best[:, None, None], axis=1)[:, 0]

    return family(config.model).best_overlap(at_best(jax.lax.stop_gradient(said)), at_best(wanted), best, config)


def weighted(scalars: dict[str, jax.Array], settings: LossSettings) -> jax.Array:
    """The sum of `cls` and `loc`, each by its weight."""
    return settings.cls_weight * scalars["cls"] + settings.loc_weight * scalars["loc"]
