"""SiamMask's mask branch and the decoder that refines one cell's mask.

The branch is a depth-wise one with 63 x 63 outputs a cell. Tracking never reads those: the decoder starts from the
branch's correlation at one cell, and only that one is computed.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.config.heads import COARSE_MASK, REFINED_MASK
from drol_jax.nets.heads.depthwise_rpn import DepthwiseBranch
from drol_jax.nets.heads.interface import MaskSearch
from drol_jax.nets.layers import Conv

WINDOWS = ((4, 61), (2, 31), (1, 15))
"""Each of the fine outputs: its cells to one cell of the response, and the cells that the decoder sees."""


class Spread(nn.Module):
    """A transposed convolution of one cell, its kernel as large as its stride: [B, C] -> [B, size, size, channels]."""

    channels: int
    size: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        shape = (self.size, self.size, x.shape[-1], self.channels)
        kernel = self.param("kernel", nn.initializers.lecun_normal(), shape)
        bias = self.param("bias", nn.initializers.zeros, (self.channels,))
        return jnp.einsum("bi,hwio->bhwo", x, kernel) + bias[None, None, None]


class Refine(nn.Module):
    """SiamMask's decoder: from one cell's correlation, through three finer windows of the image, to a mask."""

    @nn.compact
    def __call__(self, cell: jax.Array, windows: tuple[jax.Array, ...]) -> jax.Array:
        """[B, C] and [B, 61, 61, C0], [B, 31, 31, C1], [B, 15, 15, C2] -> logits [B, 127, 127]."""

        def same(channels, name):
            return Conv(channels, (3, 3), name=name)

        def lateral(x, widths, name):
            for i, width in enumerate(widths):
                x = nn.relu(same(width, f"{name}_conv{i}")(x))
            return x

        x = Spread(32, WINDOWS[2][1], name="spread")(cell)
        for level, width, size in ((2, 32, 31), (1, 16, 61), (0, 4, REFINED_MASK)):
            x = lateral(x, (width, width), f"deep{level}")
            x = x + lateral(windows[level], (4 * width, width), f"fine{level}")
            out = {2: 16, 1: 4, 0: 1}[level]
            x = same(out, f"join{level}")(nearest(x, size))
        return x[..., 0]


def nearest(x: jax.Array, size: int) -> jax.Array:
    """[B, H, W, C] -> [B, size, size, C], by the index floor(i * H / size)."""
    rows, columns = (np.arange(size) * n // size for n in x.shape[1:3])
    return x[:, rows][:, :, columns]


def window(x: jax.Array, position: jax.Array, step: int, size: int) -> jax.Array:
    """The `size` x `size` cells of a fine level about a cell of the response; zeros outside.

    Args:
      x: [B, H, W, C].
      position: int32 [2] (row, column) of the response's cell.
      step: fine cells to one cell of the response.
    """
    pad = 4 * step
    x = jnp.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    return jax.lax.dynamic_slice(
        x, (0, position[0] * step, position[1] * step, 0), (x.shape[0], size, size, x.shape[-1])
    )


class MaskHead(nn.Module):
    """The branch and the decoder; `template` and `search` as in the matching heads."""

    hidden: int

    def setup(self):
        self.branch = DepthwiseBranch(self.hidden, COARSE_MASK**2)
        self.decoder = Refine()

    def template(self, z: jax.Array) -> jax.Array:
        return self.branch.template(z)

    def search(self, x: jax.Array, fine: tuple[jax.Array, ...]) -> MaskSearch:
        return MaskSearch(self.branch.search(x), fine)

    def coarse(self, template: jax.Array, search: MaskSearch) -> jax.Array:
        """The branch's own masks, [B, R, R, 63 * 63] logits: for training and tests, no tracker reads them."""
        return self.branch.match(template, search.feature)

    def refine(self, template: jax.Array, search: MaskSearch, position: jax.Array) -> jax.Array:
        """[B, 127, 127] logits of the mask at int32 [2] (row, column) of the response."""
        b, h, w, c = template.shape
        size = (max(b, search.feature.shape[0]), h, w, c)
        taps = jax.lax.dynamic_slice(
            search.feature, (0, position[0], position[1], 0), (search.feature.shape[0], h, w, c)
        )
        cell = jnp.sum(jnp.broadcast_to(taps * template, size), axis=(1, 2))
        windows = [window(x, position, *shape) for x, shape in zip(search.fine, WINDOWS, strict=True)]
        return self.decoder(cell, tuple(windows))
