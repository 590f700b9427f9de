"""Layers that several networks share."""

from typing import Any

import flax.linen as nn

BATCH_NORM_EPSILON = 1e-5


def frozen_norm(name: str | None = None) -> nn.BatchNorm:
    """Batch normalisation by stored statistics."""
    return nn.BatchNorm(use_running_average=True, epsilon=BATCH_NORM_EPSILON, name=name)


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
