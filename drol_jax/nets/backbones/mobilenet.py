"""PySOT's dilated MobileNetV2: stages 3 to 7 at stride 8, strided convolutions unpadded."""

from typing import NamedTuple

import flax.linen as nn
import jax

from drol_jax.nets.kernels.convolution import by_channel, space_to_depth
from drol_jax.nets.layers import conv, frozen_norm


class Stage(NamedTuple):
    expansion: int
    channels: int
    blocks: int
    stride: int
    dilation: int


STEM_CHANNELS = 32
FIRST_CELL = 7.0
"""Pixel that the first cell of stages 3 to 7 is centred on; the next cell is 8 pixels on."""
STAGES = (
    Stage(1, 16, 1, 1, 1),
    Stage(6, 24, 2, 2, 1),
    Stage(6, 32, 3, 2, 1),
    Stage(6, 64, 4, 1, 2),
    Stage(6, 96, 3, 1, 2),
    Stage(6, 160, 3, 1, 4),
    Stage(6, 320, 1, 1, 4),
)


def level_channels(width: float, level: int) -> int:
    """Channels of output 0 (the first convolution) or of a stage, 1 to 7."""
    return int((STEM_CHANNELS if level == 0 else STAGES[level - 1].channels) * width)


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
        stem = level_channels(self.width, 0)
        x = conv(stem, 3, stride=2, conv_general_dilated=space_to_depth, name="conv1")(x)
        x = nn.relu6(frozen_norm("norm1")(x))
        outputs = {0: x}
        last_dilation = 1
        for level, stage in enumerate(STAGES, start=1):
            for i in range(stage.blocks):
                # Where the dilation rises, the first block goes half the way.
                halfway = i == 0 and stage.dilation != last_dilation
                x = InvertedResidual(
                    x.shape[-1] * stage.expansion,
                    level_channels(self.width, level),
                    stage.stride if i == 0 else 1,
                    max(stage.dilation // 2, 1) if halfway else stage.dilation,
                    name=f"stage{level}_block{i}",
                )(x)
            last_dilation = stage.dilation
            outputs[level] = x
        return tuple(outputs[i] for i in self.layers)
