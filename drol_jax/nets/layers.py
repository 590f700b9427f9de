"""Layers that several networks share."""

from typing import Any

import flax.linen as nn
import jax

BATCH_NORM_EPSILON = 1e-5
BATCH_NORM_MOMENTUM = 0.9
"""Share of the stored statistics that a training step keeps."""


class Norm(nn.BatchNorm):
    """Batch normalisation by stored statistics; by the batch's where the caller lets the stored ones change.

    `apply(..., mutable=["batch_stats"])` is what says that a network learns: nothing else needs to be told.
    """

    def __call__(
        self, x: jax.Array, use_running_average: bool | None = None, *, mask: jax.Array | None = None
    ) -> jax.Array:
        learns = self.is_mutable_collection("batch_stats") and not self.is_initializing()
        return super().__call__(x, use_running_average=not learns, mask=mask)


def frozen_norm(name: str | None = None) -> nn.BatchNorm:
    """Batch normalisation by stored statistics, unless they are being learned."""
    return Norm(epsilon=BATCH_NORM_EPSILON, momentum=BATCH_NORM_MOMENTUM, name=name)


def conv(channels: int, size: int, *, stride: int = 1, pad: int = 0, dilation: int = 1, **rest: Any) -> nn.Conv:
    """Square convolution with PyTorch's arguments; without a bias unless asked for."""
    return nn.Conv(
        channels,
        (size, size),
        strides=stride,
        padding=[(pad, pad), (pad, pad)],
        kernel_dilation=dilation,
        use_bias=rest.pop("use_bias", False),
        **rest,
    )
