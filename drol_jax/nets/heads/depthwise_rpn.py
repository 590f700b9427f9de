"""SiamRPN++'s head on one feature level (Li et al., CVPR 2019)."""

import flax.linen as nn
import jax

from drol_jax.config import ModelConfig
from drol_jax.nets.heads.interface import Pair, Response
from drol_jax.nets.kernels.convolution import by_rows
from drol_jax.nets.kernels.correlation import depthwise
from drol_jax.nets.layers import Conv, frozen_norm


def build(model: ModelConfig, channels: tuple[int, ...]) -> nn.Module:
    """The head that a configuration describes."""
    return DepthwiseRPN(model.anchors_per_cell, model.head_channels)


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
