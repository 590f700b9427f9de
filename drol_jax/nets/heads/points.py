"""NanoTrack's heads: at every cell a point, its class, and its distances to the four sides of the target's box.

The three published versions are one head with four differences, which `VARIANTS` holds. The interface is that of
`heads/interface.py`, with one point a cell: `cls` is [B, R, R, 2] (background, target) logits, `loc` is [B, R, R, 4]
distances (left, top, right, bottom) in search pixels, positive.

Source: NanoTrack of HonglinChu/SiamTrackers. Its checkpoints hold an adjust layer ("neck") that its networks never
call; there is none here.
"""

from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from drol_jax.config import ModelConfig
from drol_jax.nets.heads.interface import Pair, Response, Views
from drol_jax.nets.kernels.convolution import by_channel
from drol_jax.nets.kernels.correlation import depthwise, pixelwise
from drol_jax.nets.kernels.pooling import mean_of_map
from drol_jax.nets.layers import Conv, frozen_norm

TEMPLATE_CELLS = 8
"""Rows and columns of the template's feature; each of its cells is a channel of the pixel-wise correlation."""
CORE = 4
"""Rows and columns of the template's middle, the kernel of the depth-wise correlation."""


def build(model: ModelConfig, channels: tuple[int, ...]) -> nn.Module:
    """The version that a configuration names, for features of these channels."""
    return PointHead(model.head, channels[0])


class Layer(NamedTuple):
    """One layer of a tower: each channel filtered, then a 1x1 convolution."""

    kernel: int
    outputs: int


class Variant(NamedTuple):
    """What tells the versions apart."""

    separate: bool
    """Each branch correlates by itself, after 1x1 convolutions; else both share one plain correlation."""
    both: bool
    """The depth-wise correlation of the template's middle joins the pixel-wise one; the map loses a row and column."""
    norm_between: bool
    """Layers normalise and rectify between filter and 1x1 convolution and end linear; else they do so at the end."""
    cls: tuple[Layer, ...]
    loc: tuple[Layer, ...]


VARIANTS: dict[str, Variant] = {
    "points_v1": Variant(
        False,
        False,
        False,
        (Layer(5, 128), Layer(5, 128), Layer(3, 128)),
        (Layer(3, 96), Layer(3, 96), Layer(5, 96), Layer(5, 96)),
    ),
    "points_v2": Variant(True, False, False, (Layer(3, 96),) * 6, (Layer(3, 96),) * 6),
    "points_v3": Variant(True, True, True, (Layer(3, 96),) * 6, (Layer(3, 96),) * 6),
}


class Tower(nn.Module):
    """[B, R, R, inputs] -> [B, R, R, outputs of the last layer]."""

    layers: tuple[Layer, ...]
    norm_between: bool

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        for i, (kernel, outputs) in enumerate(self.layers, start=1):
            x = _filter(kernel, x.shape[-1], kernel // 2, f"filter{i}")(x)
            if self.norm_between:
                x = nn.relu6(frozen_norm(f"filter_norm{i}")(x))
            x = frozen_norm(f"norm{i}")(Conv(outputs, (1, 1), use_bias=False, name=f"conv{i}")(x))
            if not self.norm_between:
                x = nn.relu6(x)
        return x


class Embedding(nn.Module):
    """What a branch makes of template and search features before it correlates them: a 1x1 convolution each."""

    channels: int

    def setup(self):
        self.template_conv, self.search_conv = (Conv(self.channels, (1, 1)) for _ in range(2))
        self.template_norm, self.search_norm = (frozen_norm() for _ in range(2))

    def template(self, z: jax.Array) -> jax.Array:
        return self.template_norm(self.template_conv(z))

    def search(self, x: jax.Array) -> jax.Array:
        return self.search_norm(self.search_conv(x))


class Correlation(nn.Module):
    """The correlations of one branch, or of both: template and search Views -> [B, R, R, 64], version 3 [.., C]."""

    variant: Variant
    channels: int

    def setup(self):
        if self.variant.separate:
            self.pixelwise = Embedding(self.channels)
        if self.variant.both:
            self.depthwise = Embedding(self.channels)
            cells = TEMPLATE_CELLS**2
            self.shrink_filter = _filter(2, cells, 0)
            self.shrink_filter_norm, self.shrink_norm = (frozen_norm() for _ in range(2))
            self.shrink_conv = Conv(cells, (1, 1))
            self.merge = Conv(self.channels, (1, 1))
        self.squeeze, self.excite = (Conv(TEMPLATE_CELLS**2, (1, 1)) for _ in range(2))

    def template(self, z: jax.Array) -> Views:
        if not self.variant.separate:
            return Views(z, None)
        edge = (TEMPLATE_CELLS - CORE) // 2
        core = z[:, edge:-edge, edge:-edge]
        return Views(self.pixelwise.template(z), self.depthwise.template(core) if self.variant.both else None)

    def search(self, x: jax.Array) -> Views:
        if not self.variant.separate:
            return Views(x, None)
        return Views(self.pixelwise.search(x), self.depthwise.search(x) if self.variant.both else None)

    def match(self, template: Views, search: Views) -> jax.Array:
        maps = pixelwise(search.pixelwise, template.pixelwise)
        pooled = mean_of_map(maps)[:, None, None]
        maps = maps * nn.sigmoid(self.excite(nn.relu(self.squeeze(pooled))))
        if not self.variant.both:
            return maps
        assert template.depthwise is not None and search.depthwise is not None
        maps = nn.relu6(self.shrink_filter_norm(self.shrink_filter(maps)))
        maps = self.shrink_norm(self.shrink_conv(maps))
        padded = jnp.pad(search.depthwise, ((0, 0), (1, 1), (1, 1), (0, 0)))
        return self.merge(jnp.concatenate([maps, depthwise(padded, template.depthwise)], axis=-1))


class PointHead(nn.Module):
    """One of the three versions, for features of `channels` channels."""

    version: str
    channels: int

    def setup(self):
        variant = VARIANTS[self.version]
        self.cls_correlation = Correlation(variant, self.channels)
        # A shared correlation is the class branch's, and the other's part of a Pair is None.
        self.loc_correlation = Correlation(variant, self.channels) if variant.separate else None
        self.cls_tower = Tower(variant.cls, variant.norm_between)
        self.loc_tower = Tower(variant.loc, variant.norm_between)
        self.cls_output, self.loc_output = Conv(2, (1, 1)), Conv(4, (1, 1))

    def template(self, z: jax.Array) -> Pair:
        loc = None if self.loc_correlation is None else self.loc_correlation.template(z)
        return Pair(self.cls_correlation.template(z), loc)

    def search(self, x: jax.Array) -> Pair:
        loc = None if self.loc_correlation is None else self.loc_correlation.search(x)
        return Pair(self.cls_correlation.search(x), loc)

    def match(self, template: Pair, search: Pair) -> Response:
        cls = self.cls_correlation.match(template.cls, search.cls)
        loc = cls
        if self.loc_correlation is not None:
            loc = self.loc_correlation.match(template.loc, search.loc)
        cls = self.cls_output(self.cls_tower(cls))
        return Response(cls, jnp.exp(self.loc_output(self.loc_tower(loc))))


def _filter(kernel: int, channels: int, padding: int, name: str | None = None) -> Conv:
    """A convolution of every channel with its own kernel."""
    return Conv(
        channels,
        (kernel, kernel),
        padding=padding,
        feature_group_count=channels,
        use_bias=False,
        conv_general_dilated=by_channel,
        name=name,
    )
