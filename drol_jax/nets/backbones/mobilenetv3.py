"""MobileNetV3-small as NanoTrack cuts it: the first blocks of the published network, total stride 16.

Sources: Howard et al., "Searching for MobileNetV3", ICCV 2019; NanoTrack of HonglinChu/SiamTrackers. The two variants
differ in one block at the end, whose stride NanoTrack takes away.
"""

from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from drol_jax.config import ModelConfig
from drol_jax.nets.kernels.blocks import space_to_depth
from drol_jax.nets.kernels.convolution import by_channel
from drol_jax.nets.kernels.pooling import mean_of_map
from drol_jax.nets.layers import Conv, Dense, frozen_norm

STEM = 16


def build(model: ModelConfig, outputs: tuple[int, ...]) -> nn.Module:
    """The backbone that a configuration describes, with these outputs."""
    return MobileNetV3(model.backbone, outputs)


class Block(NamedTuple):
    """An inverted residual: widen, filter each channel, weigh the channels, narrow."""

    kernel: int
    wide: int
    outputs: int
    squeezed: int
    """Channels between the two layers that weigh the channels; 0 without them."""
    hard: bool
    """Hard swish; else rectifier."""
    stride: int


SMALL = (
    Block(3, 16, 16, 8, False, 2),
    Block(3, 72, 24, 0, False, 2),
    Block(3, 88, 24, 0, False, 1),
    Block(5, 96, 40, 24, True, 2),
    Block(5, 240, 40, 64, True, 1),
    Block(5, 240, 40, 64, True, 1),
    Block(5, 120, 48, 32, True, 1),
    Block(5, 144, 48, 40, True, 1),
)
VARIANTS: dict[str, tuple[Block, ...]] = {
    "mobilenetv3_small": SMALL,
    "mobilenetv3_small_v3": (*SMALL, Block(5, 288, 96, 72, True, 1)),
}


class InvertedResidual(nn.Module):
    """[B, H, W, inputs] -> [B, ceil(H / stride), ceil(W / stride), outputs]."""

    block: Block

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        kernel, wide, outputs, squeezed, hard, stride = self.block
        activate = nn.hard_swish if hard else nn.relu
        y, widens = x, x.shape[-1] != wide
        if widens:
            y = Conv(wide, (1, 1), use_bias=False, name="expand")(y)
            y = activate(frozen_norm("expand_norm")(y))
        y = Conv(
            wide,
            (kernel, kernel),
            strides=stride,
            padding=kernel // 2,
            feature_group_count=wide,
            use_bias=False,
            conv_general_dilated=by_channel,
            name="filter",
        )(y)
        y = frozen_norm("filter_norm")(y)
        # A block that does not widen rectifies before it weighs the channels, the others after.
        if not widens:
            y = activate(y)
        if squeezed:
            pooled = nn.relu(Dense(squeezed, name="squeeze")(mean_of_map(y)))
            y = y * nn.hard_sigmoid(Dense(wide, name="excite")(pooled))[:, None, None]
        if widens:
            y = activate(y)
        y = frozen_norm("project_norm")(Conv(outputs, (1, 1), use_bias=False, name="project")(y))
        return x + y if stride == 1 and x.shape == y.shape else y


class MobileNetV3(nn.Module):
    """[B, H, W, 3] RGB in 0..255 -> outputs of the blocks `layers`, each [B, rows, columns, channels]."""

    variant: str
    layers: tuple[int, ...]

    @nn.compact
    def __call__(self, x: jax.Array) -> tuple[jax.Array, ...]:
        x = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        x = Conv(
            STEM,
            (3, 3),
            strides=2,
            padding="VALID",
            use_bias=False,
            conv_general_dilated=space_to_depth,
            name="stem",
        )(x)
        x = nn.hard_swish(frozen_norm("stem_norm")(x))
        outputs = {}
        for i, block in enumerate(VARIANTS[self.variant], start=1):
            outputs[i] = x = InvertedResidual(block, name=f"block{i}")(x)
        return tuple(outputs[i] for i in self.layers)
