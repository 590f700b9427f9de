"""The adjust layers between backbone and heads."""

from collections.abc import Sequence

import flax.linen as nn
import jax

from drol_jax.nets.layers import conv, frozen_norm

CROP_BELOW = 20
"""Feature maps narrower than this are templates, of which the head sees the middle only."""
CROP = slice(4, 11)


def cropped_size(cells: int) -> int:
    """Feature rows (or columns) after the neck: 15 -> 7, 31 -> 31."""
    return cells if cells >= CROP_BELOW else len(range(cells)[CROP])


class Neck(nn.Module):
    """Every level to its own number of channels; templates (15 cells wide) to their 7 middle cells.

    [B, L, L, C_i] per level -> [B, L', L', channels_i].
    """

    channels: tuple[int, ...]

    @nn.compact
    def __call__(self, levels: Sequence[jax.Array]) -> tuple[jax.Array, ...]:
        outputs = []
        for i, (x, channels) in enumerate(zip(levels, self.channels, strict=True)):
            if x.shape[2] < CROP_BELOW:
                x = x[:, CROP, CROP]
            outputs.append(frozen_norm(f"norm{i}")(conv(channels, 1, name=f"conv{i}")(x)))
        return tuple(outputs)
