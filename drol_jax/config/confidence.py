"""`ConfidenceConfig`: what turns the signs of being right into a probability. No jax."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from drol_jax.config.heads import Family

Weight = Annotated[float, Ge(0)]


@dataclass(frozen=True, kw_only=True)
class ConfidenceConfig:
    """A logistic model: the probability rises with every sign and falls with none.

    `drol-jax eval calibrate` fits it to a tracker.
    """

    offset: float
    """With the online subnet on."""
    offset_alone: float
    """With the subnet off, where there is no online score map."""
    likeness: Weight
    """Of the mean cosine to the first frame's features, -1 to 1 (`drol_jax.tracker.appearance`)."""
    score: Weight
    """Of the score's log odds, where scores are probabilities."""
    online: Weight
    """Of the online score map at the box's middle, cut to 0 to 1."""


BORROWED: Mapping[Family, ConfidenceConfig] = {
    "peak": ConfidenceConfig(offset=-4.0, offset_alone=-4.0, likeness=9.0, score=0.0, online=2.0),
    "anchors": ConfidenceConfig(offset=-4.0, offset_alone=-4.0, likeness=9.0, score=0.0, online=2.0),
    "points": ConfidenceConfig(offset=-4.0, offset_alone=-4.0, likeness=9.0, score=0.0, online=2.0),
}
"""Of trackers that none was fitted to: that of a bundled one, or of NanoTrack V2, by family."""
