"""`ModelConfig`: which network. No jax."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Gt, Len

from drol_jax.config.backbones import Backbone
from drol_jax.config.heads import Head

OnlineFeature = Literal["level", "mean", "weighted", "concat"]
Positive = Annotated[float, Gt(0)]


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The Siamese network."""

    backbone: Backbone
    head: Head
    width: Positive = 1.0
    """Channel multiplier of the backbone (`alexnet`, `alexnetlegacy`, `mobilenetv2`)."""
    layers: tuple[int, ...] = ()
    """Stages of the backbone that the head sees, in the order of the network; empty for a backbone that has one
    output."""
    adjust_channels: tuple[Annotated[int, Gt(0)], ...] = ()
    """Channels of every stage after the neck; empty without a neck."""
    head_channels: Annotated[int, Gt(0)] = 256
    """Hidden channels of the depth-wise head on one feature map; ignored by the others."""
    weighted: bool = False
    """`multi_rpn`: a learned weighted mean over the stages instead of the plain one."""
    online_feature: OnlineFeature = "level"
    """What the online subnet sees of several stages: one of them, their mean, their sum weighted by the head's raw
    classification weights, or all their channels."""
    online_level: int = 0
    """Which of `layers` it is with `online_feature: level`, counted from 0."""
    online_layers: tuple[int, ...] = ()
    """Outputs all of whose channels the online subnet sees: an AlexNet's convolutions, 2 to 5, cut to the cells of the
    last, or a MobileNetV2's stages, 3 to 7; empty: what the head sees (published)."""
    mask: bool = False
    """SiamMask's mask branch and decoder."""
    anchor_ratios: Annotated[tuple[Positive, ...], Len(1)] = (0.33, 0.5, 1.0, 2.0, 3.0)
    """Height over width of the anchors."""
    anchor_scales: Annotated[tuple[Positive, ...], Len(1)] = (8.0,)
    """Sides of the square anchors in strides."""

    @property
    def anchors_per_cell(self) -> int:
        """Number of anchors around each cell of the response."""
        return len(self.anchor_ratios) * len(self.anchor_scales)
