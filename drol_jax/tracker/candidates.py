"""`Candidate`, the best box under one template, and the arithmetic that all families share."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp

from drol_jax.config import Config, Hyper
from drol_jax.tracker.families import family_of
from drol_jax.tracker.fidelity import published, rules

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


def normalised(scores: jax.Array) -> jax.Array:
    """Shifted to minimum 0 and scaled to sum 1; a level map is 0 everywhere (published: NaN)."""
    scores = scores - jnp.min(scores)
    return scores / or_one(jnp.sum(scores))


def or_one(divisor: jax.Array) -> jax.Array:
    """1 in place of 0."""
    return jnp.where(divisor == 0, 1.0, divisor)


def first_maximum(scores: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Maximum of a map of any shape and the first flat index that has it, float32 () and int32 (); NaN and 0 of a
    map of NaN. For large maps it takes a CPU a third of `argmax`'s time.
    """
    highest = jnp.max(scores)
    places = jnp.arange(scores.size, dtype=jnp.int32).reshape(scores.shape)
    index = jnp.min(jnp.where(scores < highest, scores.size, places))
    # Not `highest`: large maxima may pass over NaN.
    return scores.reshape(-1)[index], index


def fuse(config: Config) -> Callable[..., jax.Array]:
    """The rule that fuses a network's scores with the online ones, of one shape, under the weight `Hyper.fusion`."""
    return config.own("fuse") or _weighted_mean


def _weighted_mean(network: jax.Array, online: jax.Array, weight: jax.Array) -> jax.Array:
    """Equation 5 of the paper."""
    return (1 - weight) * network + weight * online


def short_term_wins(first: Candidate, short_term: Candidate, hyper: Hyper, config: Config | None = None) -> jax.Array:
    """Whether the short-term template's candidate is taken: near enough, and better by a margin (equation 7).

    Args:
      config: its fidelity says how overlap and margin are taken; None: as published.
    """
    rule = published if config is None else rules(config)
    agree = rule.overlap(_corners(short_term), _corners(first)) >= hyper.tau_regression
    margin = hyper.tau_classification
    if config is not None and rule.fc_alike and family_of(config).SCORES_ARE_SHARES:
        margin = margin * first.score
    return agree & (short_term.score - first.score >= margin)


def _corners(candidate: Candidate) -> jax.Array:
    """[2, 2] (low, high) x (x, y), pixels."""
    return jnp.stack([candidate.centre - candidate.size / 2, candidate.centre + candidate.size / 2])
