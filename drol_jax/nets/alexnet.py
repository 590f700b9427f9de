"""The three AlexNets of the Siamese trackers: five unpadded convolutions, total stride 8.

They differ in data only. `alexnetlegacy` and `alexnet` are the same function (their checkpoints name the layers
differently), with a width multiplier; `alexnetlegacy2`, SiamFC's, has grouped convolutions and no normalisation
after the last one.
"""

from collections.abc import Callable
from typing import NamedTuple

import flax.linen as nn
import jax

from drol_jax.config import Backbone
from drol_jax.nets.convolution import by_rows, grouped, max_pool, space_to_depth
from drol_jax.nets.layers import Conv, frozen_norm


class Variant(NamedTuple):
    groups: tuple[int, int, int, int, int]
    last_norm: bool
    scalable: bool


VARIANTS: dict[Backbone, Variant] = {
    "alexnet": Variant((1, 1, 1, 1, 1), True, True),
    "alexnetlegacy": Variant((1, 1, 1, 1, 1), True, True),
    "alexnetlegacy2": Variant((1, 2, 1, 2, 2), False, False),
}
CHANNELS = (96, 256, 384, 384, 256)
KERNELS = (11, 5, 3, 3, 3)
FIRST_CELL = 43.0
"""Pixel that the first cell's receptive field, 87 pixels wide, is centred on; the next cell's is 8 pixels on."""


def _form(layer: int, groups: int) -> Callable[..., jax.Array]:
    """How a layer's convolution is best computed."""
    if groups > 1:
        return grouped
    return space_to_depth if layer == 1 else by_rows


def output_size(size: int) -> int:
    """Feature rows (or columns) for a picture of `size` pixels: 127 -> 6, 255 -> 22, 287 -> 26."""
    size = (size - 11) // 2 + 1
    size = (size - 3) // 2 + 1 - 4
    size = (size - 3) // 2 + 1
    return size - 6


def level_channels(variant: Backbone, width: float) -> int:
    """Channels of the one output."""
    return int(CHANNELS[-1] * (width if VARIANTS[variant].scalable else 1.0))


class AlexNet(nn.Module):
    """[B, H, W, 3] RGB in 0..255 -> [B, output_size(H), output_size(W), channels]."""

    variant: Backbone
    width: float = 1.0

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        groups, last_norm, scalable = VARIANTS[self.variant]
        scale = self.width if scalable else 1.0
        for i, (channels, kernel) in enumerate(zip(CHANNELS, KERNELS, strict=True), start=1):
            x = Conv(
                int(channels * scale),
                (kernel, kernel),
                strides=2 if i == 1 else 1,
                padding="VALID",
                feature_group_count=groups[i - 1],
                conv_general_dilated=_form(i, groups[i - 1]),
                name=f"conv{i}",
            )(x)
            if i < 5 or last_norm:
                x = frozen_norm(f"norm{i}")(x)
            if i <= 2:
                # Pooling first leaves the rectifier a quarter of the work and gives the same numbers.
                x = max_pool(x)
            if i < 5:
                x = nn.relu(x)
        return x
