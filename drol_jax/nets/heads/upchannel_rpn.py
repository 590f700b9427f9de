"""SiamRPN's head (Li et al., CVPR 2018)."""

import flax.linen as nn
import jax

from drol_jax.config import ModelConfig
from drol_jax.nets.heads.interface import Pair, Response
from drol_jax.nets.kernels.convolution import by_rows
from drol_jax.nets.kernels.correlation import cross
from drol_jax.nets.layers import Conv


def build(model: ModelConfig, channels: tuple[int, ...]) -> nn.Module:
    """The head that a configuration describes, for features of these channels."""
    return UPChannelRPN(model.anchors_per_cell, channels[0])


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
