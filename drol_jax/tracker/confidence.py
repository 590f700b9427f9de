"""`confidence`: the probability that a found box overlaps the target by more than a half."""

import jax
import jax.numpy as jnp

from drol_jax.config import Config
from drol_jax.online.localize import Judgement
from drol_jax.tracker.families import family

SURE = 1e-3
"""Scores are kept so far from 0 and 1: beyond, networks differ by how long they were trained."""


def confidence(config: Config, likeness: jax.Array, score: jax.Array, judgement: Judgement | None) -> jax.Array:
    """A logistic model of the signs of being right (`drol_jax.config.ConfidenceConfig`). Monotone in each of them.

    Args:
      likeness: () in -1..1, of the box to the first frame's target.
      score: (), the candidate's.
      judgement: the online subnet's; None with the subnet off.

    Returns:
      float32 () in [0, 1]; 0 where a sign is NaN.
    """
    weights = config.calibration
    logit = (weights.offset_alone if judgement is None else weights.offset) + weights.likeness * likeness
    if not family(config.model).SCORES_ARE_SHARES:
        probable = jnp.clip(score, SURE, 1 - SURE)
        logit = logit + weights.score * jnp.log(probable / (1 - probable))
    if judgement is not None:
        logit = logit + weights.peak * jnp.clip(judgement.peak, 0, 1)
    return jnp.where(jnp.isnan(logit), 0.0, jax.nn.sigmoid(logit))
