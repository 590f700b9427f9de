"""The three AlexNets of the Siamese trackers: five unpadded convolutions, total stride 8.

They differ in data only. `alexnetlegacy` and `alexnet` are the same function (their checkpoints name the layers
differently), with a width multiplier; `alexnetlegacy2`, SiamFC's, has grouped convolutions and no normalisation
after the last one.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import flax.linen as nn
import jax

from drol_jax.config import Backbone
from drol_jax.nets.kernels.convolution import by_rows, grouped, max_pool, space_to_depth
from drol_jax.nets.layers import Conv, frozen_norm, one_by_one


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
LAST_POOLED = 2
"""The convolution that the last pooling follows. Up to here maps are large and kernels small."""
FIRST_CELL = 43.0
"""Pixel that the first cell's receptive field, 87 pixels wide, is centred on; the next cell's is 8 pixels on."""


def _form(layer: int, groups: int) -> Callable[..., jax.Array]:
    """How a layer's convolution is best computed."""
    if groups > 1:
        return grouped
    return space_to_depth if layer == 1 else by_rows


def output_size(size: int) -> int:
    """Feature rows (or columns) for an image of `size` pixels: 127 -> 6, 255 -> 22, 287 -> 26."""
    size = (size - 11) // 2 + 1
    size = (size - 3) // 2 + 1 - 4
    size = (size - 3) // 2 + 1
    return size - 6


def level_channels(variant: Backbone, width: float, layer: int = 5) -> int:
    """Channels of a convolution's output, 1 to 5."""
    return int(CHANNELS[layer - 1] * (width if VARIANTS[variant].scalable else 1.0))


class AlexNet(nn.Module):
    """[B, H, W, 3] RGB in 0..255 -> [B, output_size(H), output_size(W), channels].

    With `taken` the outputs of those convolutions, 2 to 5, precede it in a tuple, each cut to the same cells: from the
    second on all have one stride, and without padding the middle of a larger map is where the smaller one is.
    """

    variant: Backbone
    width: float = 1.0
    taken: tuple[int, ...] = ()

    @nn.compact
    def __call__(self, x: jax.Array) -> Any:
        x, first = one_by_one(self, partial(AlexNet._layers, numbers=range(1, LAST_POOLED + 1)), x)
        x, second = self._layers(x, range(LAST_POOLED + 1, len(KERNELS) + 1))
        return (*first, *second, x) if self.taken else x

    def _layers(self, x: jax.Array, numbers: range) -> tuple[jax.Array, list[jax.Array]]:
        """Output of the last of these layers, and of those among them that are taken."""
        groups, last_norm, _ = VARIANTS[self.variant]
        taken = []
        for i in numbers:
            kernel = KERNELS[i - 1]
            x = Conv(
                level_channels(self.variant, self.width, i),
                (kernel, kernel),
                strides=2 if i == 1 else 1,
                padding="VALID",
                feature_group_count=groups[i - 1],
                conv_general_dilated=_form(i, groups[i - 1]),
                name=f"conv{i}",
            )(x)
            if i < 5 or last_norm:
                x = frozen_norm(f"norm{i}")(x)
            if i <= LAST_POOLED:
                # Pooling first leaves the rectifier a quarter of the work and gives the same numbers.
                x = max_pool(x)
            if i < 5:
                x = nn.relu(x)
            if i in self.taken:
                border = len(KERNELS) - i
                taken.append(x[:, border : x.shape[1] - border, border : x.shape[2] - border])
        return x, taken
