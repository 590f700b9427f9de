"""PySOT's dilated ResNets: stages 2, 3 and 4 all at stride 8, the first layers unpadded.

Stage 2 begins with an unpadded strided convolution, so that 127 pixels become 15 cells and 255 become 31 with the
cells' centres 8 pixels apart; stages 3 and 4 keep the resolution and widen the kernels instead.
"""

from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from drol_jax.config import Backbone, ModelConfig
from drol_jax.config.backbones import BACKBONES
from drol_jax.nets.kernels.blocks import space_to_depth
from drol_jax.nets.kernels.pooling import max_pool
from drol_jax.nets.layers import conv, frozen_norm


class Variant(NamedTuple):
    blocks: tuple[int, int, int, int]
    bottleneck: bool


VARIANTS: dict[Backbone, Variant] = {
    "resnet18": Variant((2, 2, 2, 2), False),
    "resnet34": Variant((3, 4, 6, 3), False),
    "resnet50": Variant((3, 4, 6, 3), True),
}
PLANES = (64, 128, 256, 512)
STRIDES = (1, 2, 1, 1)
DILATIONS = (1, 1, 2, 4)


def build(model: ModelConfig, outputs: tuple[int, ...]) -> nn.Module:
    """The backbone that a configuration describes, with these outputs."""
    return ResNet(model.backbone, outputs)


def stages(layers: tuple[int, ...]) -> tuple[int, ...]:
    """The stages, 1 to 4, that a network with these outputs has: 3 and 4 only where they are used."""
    return tuple(i for i in (1, 2, 3, 4) if i <= 2 or i in layers)


class Shortcut(nn.Module):
    """Fits a block's input to its output: 1x1 where only channels differ, else 3x3 like the block's own."""

    channels: int
    size: int
    stride: int
    pad: int
    dilation: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        x = conv(self.channels, self.size, stride=self.stride, pad=self.pad, dilation=self.dilation, name="conv")(x)
        return frozen_norm("norm")(x)


class Block(nn.Module):
    """One residual block: two 3x3 convolutions, or 1x1, 3x3, 1x1 (bottleneck).

    The first block of a dilated stage has half the stage's dilation in its first 3x3 convolution and shortcut.
    """

    planes: int
    bottleneck: bool
    first: bool
    stride: int
    dilation: int
    shortcut: bool

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        dilation = self.dilation // 2 if self.first and self.dilation > 1 else self.dilation
        pad = dilation if self.dilation > 1 else 2 - self.stride
        widened = {"stride": self.stride, "pad": pad, "dilation": dilation}
        if self.bottleneck:
            y = nn.relu(frozen_norm("norm1")(conv(self.planes, 1, name="conv1")(x)))
            y = nn.relu(frozen_norm("norm2")(conv(self.planes, 3, name="conv2", **widened)(y)))
            y = frozen_norm("norm3")(conv(self.planes * 4, 1, name="conv3")(y))
        else:
            y = nn.relu(frozen_norm("norm1")(conv(self.planes, 3, name="conv1", **widened)(x)))
            y = conv(self.planes, 3, pad=self.dilation, dilation=self.dilation, name="conv2")(y)
            y = frozen_norm("norm2")(y)
        if self.shortcut:
            if self.stride == 1 and self.dilation == 1:
                x = Shortcut(y.shape[-1], 1, 1, 0, 1, name="shortcut")(x)
            else:
                x = Shortcut(y.shape[-1], 3, self.stride, pad, dilation, name="shortcut")(x)
        return nn.relu(x + y)


class ResNet(nn.Module):
    """[B, H, W, 3] RGB in 0..255 -> outputs `layers`, each [B, rows, columns, channels].

    Output 0 is what enters the first pooling, 1 to 4 are the stages.
    """

    variant: Backbone
    layers: tuple[int, ...]

    @nn.compact
    def __call__(self, x: jax.Array) -> tuple[jax.Array, ...]:
        blocks, bottleneck = VARIANTS[self.variant]
        channels = BACKBONES[self.variant].channels
        x = conv(channels[0], 7, stride=2, conv_general_dilated=space_to_depth, name="conv1")(x)
        x = nn.relu(frozen_norm("norm1")(x))
        outputs = {0: x}
        # After the rectifier a border of zeros is no maximum unless all else is zero too.
        x = max_pool(jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))))
        for stage in stages(self.layers):
            planes, stride, dilation = PLANES[stage - 1], STRIDES[stage - 1], DILATIONS[stage - 1]
            for i in range(blocks[stage - 1]):
                first = i == 0
                x = Block(
                    planes,
                    bottleneck,
                    first,
                    stride if first else 1,
                    dilation,
                    first and (stride != 1 or x.shape[-1] != channels[stage]),
                    name=f"stage{stage}_block{i}",
                )(x)
            outputs[stage] = x
        return tuple(outputs[i] for i in self.layers)
