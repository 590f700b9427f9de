"""PySOT's dilated MobileNetV2: stages 3 to 7 at stride 8, strided convolutions unpadded.

Stages behind the last output that is wanted are not built: untrained for tracking, ImageNet's stage 5 is a good
feature and stage 7 is none.
"""

from typing import NamedTuple

import flax.linen as nn
import jax

from drol_jax.config import ModelConfig
from drol_jax.config.backbones import BACKBONES
from drol_jax.nets.kernels.blocks import space_to_depth
from drol_jax.nets.kernels.convolution import by_channel
from drol_jax.nets.layers import conv, frozen_norm


class Stage(NamedTuple):
    expansion: int
    blocks: int
    stride: int
    dilation: int


STAGES = (
    Stage(1, 1, 1, 1),
    Stage(6, 2, 2, 1),
    Stage(6, 3, 2, 1),
    Stage(6, 4, 1, 2),
    Stage(6, 3, 1, 2),
    Stage(6, 3, 1, 4),
    Stage(6, 1, 1, 4),
)


def build(model: ModelConfig, outputs: tuple[int, ...]) -> nn.Module:
    """The backbone that a configuration describes, with these outputs."""
    return MobileNetV2(model.width, outputs)


def stages(last: int) -> tuple[Stage, ...]:
    """The stages of a network whose last output is of this number."""
    return STAGES[:last]


class InvertedResidual(nn.Module):
    """1x1 expansion (there even where it expands nothing), 3x3 depth-wise, 1x1 without activation."""

    expanded: int
    channels: int
    stride: int
    dilation: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        pad = self.dilation if self.dilation > 1 else 2 - self.stride
        y = nn.relu6(frozen_norm("norm1")(conv(self.expanded, 1, name="conv1")(x)))
        y = conv(
            self.expanded,
            3,
            stride=self.stride,
            pad=pad,
            dilation=self.dilation,
            feature_group_count=self.expanded,
            conv_general_dilated=by_channel,
            name="conv2",
        )(y)
        y = nn.relu6(frozen_norm("norm2")(y))
        y = frozen_norm("norm3")(conv(self.channels, 1, name="conv3")(y))
        return x + y if self.stride == 1 and x.shape[-1] == self.channels else y


class MobileNetV2(nn.Module):
    """[B, H, W, 3] RGB in 0..255 -> outputs `layers` (0 to 7), each [B, rows, columns, channels]."""

    width: float
    layers: tuple[int, ...]

    @nn.compact
    def __call__(self, x: jax.Array) -> tuple[jax.Array, ...]:
        facts = BACKBONES["mobilenetv2"]
        x = conv(facts.channels_of(0, self.width), 3, stride=2, conv_general_dilated=space_to_depth, name="conv1")(x)
        x = nn.relu6(frozen_norm("norm1")(x))
        outputs = {0: x}
        last_dilation = 1
        for level, stage in enumerate(stages(max(self.layers)), start=1):
            for i in range(stage.blocks):
                # Where the dilation rises, the first block goes half the way.
                halfway = i == 0 and stage.dilation != last_dilation
                x = InvertedResidual(
                    x.shape[-1] * stage.expansion,
                    facts.channels_of(level, self.width),
                    stage.stride if i == 0 else 1,
                    max(stage.dilation // 2, 1) if halfway else stage.dilation,
                    name=f"stage{level}_block{i}",
                )(x)
            last_dilation = stage.dilation
            outputs[level] = x
        return tuple(outputs[i] for i in self.layers)
