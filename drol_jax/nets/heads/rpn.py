"""Matching heads: template and search features in, response maps out.

Each head has the same three methods. `template` and `search` do all work that depends on one input only, so that a
template costs nothing after its first frame and two templates share one search; `match` joins the two.

Response channels are in PySOT's order: `cls` holds, for A anchors, A background then A target logits; `loc` holds
A dx, A dy, A dw, A dh.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from drol_jax.nets.kernels.convolution import by_rows
from drol_jax.nets.kernels.correlation import cross, depthwise
from drol_jax.nets.layers import Conv, frozen_norm


class Response(NamedTuple):
    """cls [B, R, R, 2A] logits and loc [B, R, R, 4A]; SiamFC: cls [B, R, R, 1] correlation, loc None.

    Point heads (`nets/points.py`): A = 1, and loc holds distances in search pixels.
    """

    cls: jax.Array
    loc: jax.Array | None


class Pair(NamedTuple):
    """What a head keeps of a template or of a search feature: an array or a small tree of them for each branch.

    SiamFC has no loc.
    """

    cls: Any
    loc: Any


class DepthwiseBranch(nn.Module):
    """One branch of SiamRPN++'s head: 3x3 convolutions, depth-wise correlation, two 1x1 convolutions."""

    hidden: int
    outputs: int

    def setup(self):
        self.template_conv = Conv(self.hidden, (3, 3), padding="VALID", use_bias=False, conv_general_dilated=by_rows)
        self.template_norm = frozen_norm()
        self.search_conv = Conv(self.hidden, (3, 3), padding="VALID", use_bias=False, conv_general_dilated=by_rows)
        self.search_norm = frozen_norm()
        self.hidden_conv = Conv(self.hidden, (1, 1), use_bias=False)
        self.hidden_norm = frozen_norm()
        self.output_conv = Conv(self.outputs, (1, 1))

    def template(self, z: jax.Array) -> jax.Array:
        return nn.relu(self.template_norm(self.template_conv(z)))

    def search(self, x: jax.Array) -> jax.Array:
        return nn.relu(self.search_norm(self.search_conv(x)))

    def match(self, template: jax.Array, search: jax.Array) -> jax.Array:
        feature = depthwise(search, template)
        return self.output_conv(nn.relu(self.hidden_norm(self.hidden_conv(feature))))


class DepthwiseRPN(nn.Module):
    """SiamRPN++'s head on one feature level."""

    anchors: int
    hidden: int

    def setup(self):
        self.cls = DepthwiseBranch(self.hidden, 2 * self.anchors)
        self.loc = DepthwiseBranch(self.hidden, 4 * self.anchors)

    def template(self, z: jax.Array) -> Pair:
        return Pair(self.cls.template(z), self.loc.template(z))

    def search(self, x: jax.Array) -> Pair:
        return Pair(self.cls.search(x), self.loc.search(x))

    def match(self, template: Pair, search: Pair) -> Response:
        assert template.loc is not None and search.loc is not None
        return Response(self.cls.match(template.cls, search.cls), self.loc.match(template.loc, search.loc))


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


class UPChannelRPN(nn.Module):
    """SiamRPN's head: the template's convolutions give one kernel for every output channel."""

    anchors: int
    channels: int

    def setup(self):
        self.template_cls = Conv(self.channels * 2 * self.anchors, (3, 3), padding="VALID")
        self.template_loc = Conv(self.channels * 4 * self.anchors, (3, 3), padding="VALID")
        self.search_cls = Conv(self.channels, (3, 3), padding="VALID", conv_general_dilated=by_rows)
        self.search_loc = Conv(self.channels, (3, 3), padding="VALID", conv_general_dilated=by_rows)
        self.loc_adjust = Conv(4 * self.anchors, (1, 1))

    def _kernel(self, z: jax.Array) -> jax.Array:
        b, h, w, _ = z.shape
        # Output channel o of the convolution's O * C is kernel o's channel c at o * C + c.
        return z.reshape(b, h, w, -1, self.channels).swapaxes(3, 4)

    def template(self, z: jax.Array) -> Pair:
        return Pair(self._kernel(self.template_cls(z)), self._kernel(self.template_loc(z)))

    def search(self, x: jax.Array) -> Pair:
        return Pair(self.search_cls(x), self.search_loc(x))

    def match(self, template: Pair, search: Pair) -> Response:
        assert template.loc is not None and search.loc is not None
        return Response(cross(search.cls, template.cls), self.loc_adjust(cross(search.loc, template.loc)))


class SiamFCHead(nn.Module):
    """Plain cross-correlation. The bias enters training only: tracking compares maps, which it cannot change."""

    def setup(self):
        self.bias = self.param("bias", nn.initializers.zeros, (1,))

    def template(self, z: jax.Array) -> Pair:
        return Pair(z[..., None], None)

    def search(self, x: jax.Array) -> Pair:
        return Pair(x, None)

    def match(self, template: Pair, search: Pair) -> Response:
        return Response(cross(search.cls, template.cls), None)
