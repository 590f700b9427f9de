"""SiamRPN++'s head on several feature levels (Li et al., CVPR 2019)."""

from collections.abc import Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from drol_jax.config import ModelConfig
from drol_jax.nets.heads.depthwise_rpn import DepthwiseRPN
from drol_jax.nets.heads.interface import Pair, Response


def build(model: ModelConfig, channels: tuple[int, ...]) -> nn.Module:
    """The head that a configuration describes, for these levels."""
    return MultiRPN(model.anchors_per_cell, channels, model.weighted)


class MultiRPN(nn.Module):
    """SiamRPN++'s head on several feature levels: one depth-wise head each, and the mean of their answers.

    hidden: channels of every level, which are also its head's. weighted: softmax of learned numbers as weights.
    """

    anchors: int
    hidden: tuple[int, ...]
    weighted: bool

    def setup(self):
        self.levels = [DepthwiseRPN(self.anchors, hidden) for hidden in self.hidden]
        if self.weighted:
            count = (len(self.hidden),)
            self.cls_weight = self.param("cls_weight", nn.initializers.ones, count)
            self.loc_weight = self.param("loc_weight", nn.initializers.ones, count)

    def template(self, z: Sequence[jax.Array]) -> tuple[Pair, ...]:
        return tuple(level.template(f) for level, f in zip(self.levels, z, strict=True))

    def search(self, x: Sequence[jax.Array]) -> tuple[Pair, ...]:
        return tuple(level.search(f) for level, f in zip(self.levels, x, strict=True))

    def match(self, template: Sequence[Pair], search: Sequence[Pair]) -> Response:
        parts = [level.match(*pair) for level, *pair in zip(self.levels, template, search, strict=True)]
        cls_shares = loc_shares = [1 / len(parts)] * len(parts)
        if self.weighted:
            cls_shares, loc_shares = nn.softmax(self.cls_weight), nn.softmax(self.loc_weight)
        return Response(
            weighted_sum([part.cls for part in parts], cls_shares),
            weighted_sum([part.loc for part in parts], loc_shares),
        )


def weighted_sum(arrays: Sequence[Any], weights: Any) -> jax.Array:
    """Sum of equally shaped arrays, each times its weight."""
    total = jnp.zeros_like(arrays[0])
    for i, array in enumerate(arrays):
        total = total + array * weights[i]
    return total
