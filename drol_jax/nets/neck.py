"""The adjust layers between backbone and heads."""

from collections.abc import Sequence

import flax.linen as nn
import jax

from drol_jax.config.network import NECK_CROP, NECK_CROP_BELOW
from drol_jax.nets.layers import conv, frozen_norm


class Neck(nn.Module):
    """Every level to its own number of channels; templates (15 cells wide) to their 7 middle cells.

    [B, L, L, C_i] per level -> [B, L', L', channels_i].
    """

    channels: tuple[int, ...]

    @nn.compact
    def __call__(self, levels: Sequence[jax.Array]) -> tuple[jax.Array, ...]:
        outputs = []
        for i, (x, channels) in enumerate(zip(levels, self.channels, strict=True)):
            if x.shape[2] < NECK_CROP_BELOW:
                x = x[:, NECK_CROP, NECK_CROP]
            outputs.append(frozen_norm(f"norm{i}")(conv(channels, 1, name=f"conv{i}")(x)))
        return tuple(outputs)
