"""`ConfidenceConfig`: what turns signs of being right into a probability. No jax."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from drol_jax.config.heads import Family

Weight = Annotated[float, Ge(0)]


@dataclass(frozen=True, kw_only=True)
class ConfidenceConfig:
    """A logistic model: the probability rises with each of its signs and falls with none.

    `drol-jax eval calibrate` fits it to a tracker.
    """

    offset: float
    likeness: Weight
    """Of the mean cosine to the first frame's features, -1 to 1 (`tracker.appearance`)."""
    score: Weight
    """Of the score, where it is a probability."""
    peak: Weight
    """Of the online score map's peak, cut to 0 to 1."""
