"""The three AlexNets of the Siamese trackers: five unpadded convolutions, total stride 8.

They differ in data only. `alexnetlegacy` and `alexnet` are the same function (their checkpoints name the layers
differently), with a width multiplier; `alexnetlegacy2`, SiamFC's, has grouped convolutions and no normalisation
after the last one.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import flax.linen as nn
import jax

from drol_jax.config import Backbone, ModelConfig
from drol_jax.config.backbones import BACKBONES
from drol_jax.nets.kernels.blocks import space_to_depth
from drol_jax.nets.kernels.convolution import by_rows, grouped
from drol_jax.nets.kernels.pooling import max_pool
from drol_jax.nets.layers import Conv, frozen_norm, one_by_one


class Variant(NamedTuple):
    groups: tuple[int, int, int, int, int]
    last_norm: bool


VARIANTS: dict[Backbone, Variant] = {
    "alexnet": Variant((1, 1, 1, 1, 1), True),
    "alexnetlegacy": Variant((1, 1, 1, 1, 1), True),
    "alexnetlegacy2": Variant((1, 2, 1, 2, 2), False),
}
KERNELS = (11, 5, 3, 3, 3)
LAST_POOLED = 2
"""The convolution that the last pooling follows. Up to here maps are large and kernels small."""


def build(model: ModelConfig, outputs: tuple[int, ...]) -> nn.Module:
    """The backbone that a configuration describes, with these outputs."""
    return AlexNet(model.backbone, model.width, outputs)


def _form(layer: int, groups: int) -> Callable[..., jax.Array]:
    """How a layer's convolution is best computed."""
    if groups > 1:
        return grouped
    return space_to_depth if layer == 1 else by_rows


class AlexNet(nn.Module):
    """[B, H, W, 3] RGB in 0..255 -> the outputs of the convolutions `layers`, each [B, L, L, channels].

    All are cut to the cells of the fifth: from the second on they have one stride, and without padding the middle of a
    larger map is where the smaller one is.
    """

    variant: Backbone
    width: float = 1.0
    layers: tuple[int, ...] = (5,)

    @nn.compact
    def __call__(self, x: jax.Array) -> tuple[jax.Array, ...]:
        x, first = one_by_one(self, partial(AlexNet._layers, numbers=range(1, LAST_POOLED + 1)), x)
        _, second = self._layers(x, range(LAST_POOLED + 1, len(KERNELS) + 1))
        return (*first, *second)

    def _layers(self, x: jax.Array, numbers: range) -> tuple[jax.Array, list[jax.Array]]:
        """Output of the last of these layers, and of those among them that are taken."""
        groups, last_norm = VARIANTS[self.variant]
        taken = []
        for i in numbers:
            kernel = KERNELS[i - 1]
            x = Conv(
                BACKBONES[self.variant].channels_of(i, self.width),
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
            if i in self.layers:
                border = len(KERNELS) - i
                inner = x[:, border:-border, border:-border] if border else x
                taken.append(inner)
        return x, taken
