"""SiamFC's head (Bertinetto et al., 2016)."""

import flax.linen as nn
import jax

from drol_jax.config import ModelConfig
from drol_jax.nets.heads.interface import Pair, Response
from drol_jax.nets.kernels.correlation import cross


def build(model: ModelConfig, channels: tuple[int, ...]) -> nn.Module:
    """The head; no configuration changes it."""
    return SiamFCHead()


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
