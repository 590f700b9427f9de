"""`ConfidenceConfig`: what turns the signs of being right into a probability. No jax."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge

from drol_jax.config.heads import Family

Weight = Annotated[float, Ge(0)]


@dataclass(frozen=True, kw_only=True)
class ConfidenceConfig:
    """Two logistic factors, each of which can deny a box: it does not look like the target, it is not where it was
    learned to be. Both rise with their sign.

    Fitted by maximum likelihood on Synth: the tracker's own boxes, and ten times their weight of drawn ones, which
    overlap the groundtruth by .7 or more, or by .3 or less. Right ones weigh .7 of all.
    """

    offset: float
    likeness: Weight
    """Of the mean cosine to the first frame's features, -1 to 1 (`drol_jax.tracker.appearance`)."""
    online_offset: float
    online: Weight
    """Of the online score map at the box's middle, cut to 0 to 1. With the subnet off this factor is 1."""


BORROWED: Mapping[Family, ConfidenceConfig] = {
    "peak": ConfidenceConfig(offset=-4.66, likeness=10.44, online_offset=16.22, online=0.0),
    "anchors": ConfidenceConfig(offset=-3.32, likeness=11.2, online_offset=-0.19, online=6.7),
    "points": ConfidenceConfig(offset=-2.98, likeness=9.54, online_offset=-1.99, online=9.37),
}
"""Of trackers that none was fitted to: that of a bundled one, or of NanoTrack V2, by family."""
