"""`Hyper`: what a researcher sweeps. No jax: `drol_jax.model` makes it a pytree.

Every scalar enters arithmetic only, so one compiled step serves any values and `vmap` runs many settings at once.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Ge, Gt, Interval, Lt

Number = Annotated[Any, float]
"""A field of `Hyper` may be anything that computes; what follows `Any` is what a configuration file may hold."""
Share = Annotated[Any, Annotated[float, Interval(ge=0, le=1)]]
Positive = Annotated[Any, Annotated[float, Gt(0)]]
NotNegative = Annotated[Any, Annotated[float, Ge(0)]]
Rate = Annotated[Any, Annotated[float, Ge(0), Lt(1)]]
Frames = Annotated[Any, Annotated[int, Gt(0)]]


@dataclass(frozen=True, kw_only=True)
class Hyper:
    """Scalars that enter arithmetic only. Every field is a leaf, a number or an array of lanes."""

    penalty_k: NotNegative
    """SiamRPN: strength of the scale and ratio penalty. SiamFC: factor on the outer scales' maxima."""
    window_influence: Share
    """Weight of the cosine window."""
    size_lr: Share
    """Smoothing of the target size."""
    fusion: Share = 0.8
    """Weight of the online score map, lambda of the paper's equation 5."""
    not_found: Number = 0.25
    """Online peak under which the target counts as absent."""
    distractor: NotNegative = 0.8
    """Share of the peak over which a second one makes it uncertain."""
    hard_negative: NotNegative = 0.5
    """Share of the peak over which a second one is trained against."""
    neighbourhood: Positive = 2.2
    """Target sizes around the peak that a second peak must lie outside of."""
    displacement: NotNegative = 0.8
    """Radius, in half search regions, that divides near from far peaks."""
    # The memory's weights are divided by 1 - rate.
    learning_rate: Rate = 0.01
    """Weight of a new sample in the memory."""
    hard_negative_learning_rate: Rate = 0.02
    """Weight of a new sample beside a distractor."""
    first_samples_weight: Share = 0.25
    """Least total weight of the first frame's samples."""
    label_sigma: Positive = 0.25
    """Label width in target sizes."""
    filter_reg: Positive = 0.1
    projection_reg: Positive = 1e-4
    refit_interval: Frames = 10
    """Frames between two refits."""
    template_threshold: Number = 0.75
    """Least online peak for a template candidate, tau_c of the paper's equation 6."""
    template_interval: Frames = 5
    """Frames between renewals of the short-term template, T of the paper."""
    tau_regression: Number = 0.6
    """Least overlap of the two templates' boxes, upsilon_r of equation 7."""
    tau_classification: Number = 0.5
    """Least advantage of the short-term template's score, upsilon_c of equation 7."""
    confidence_low: Number = 0.85
    """Long-term: score under which the box stays where it was and the target counts as lost."""
    confidence_high: Number = 0.998
    """Long-term: score above which a lost target counts as found again."""
    mask_threshold: Number = 0.3
    """SiamMask: probability above which a pixel belongs to the target; read on the host, for the rotated box."""
