"""`confidence`: the probability that a found box overlaps the target by more than a half."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from drol_jax.config import Config
from drol_jax.tracker.families import family

SURE = 1e-3
"""Scores are kept so far from 0 and 1: beyond, networks differ by how long they were trained."""


class Signs(NamedTuple):
    """What speaks for a box being right, beside its score."""

    likeness: jax.Array  # float32 () in -1..1, to the first frame's target (`tracker.appearance`)
    online: jax.Array | None  # float32 (), the online score map at the box's middle; None with the subnet off


def confidence(config: Config, signs: Signs, score: jax.Array) -> jax.Array:
    """A logistic model (`drol_jax.config.ConfidenceConfig`), monotone in the score and in every sign.

    Args:
      signs: of the box.
      score: (), the candidate's.

    Returns:
      float32 () in [0, 1]; 0 where a sign is NaN.
    """
    weights = config.calibration
    logit = (weights.offset_alone if signs.online is None else weights.offset) + weights.likeness * signs.likeness
    if not family(config.model).SCORES_ARE_SHARES:
        probable = jnp.clip(score, SURE, 1 - SURE)
        logit = logit + weights.score * jnp.log(probable / (1 - probable))
    if signs.online is not None:
        logit = logit + weights.online * jnp.clip(signs.online, 0, 1)
    return jnp.where(jnp.isnan(logit), 0.0, jax.nn.sigmoid(logit))
