"""The Siamese network: template(z) -> Template, search(x) -> Search, match(Template, Search) -> Response."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from drol_jax.config import ModelConfig
from drol_jax.nets import mobilenetv3
from drol_jax.nets.alexnet import CHANNELS, VARIANTS, AlexNet
from drol_jax.nets.heads import DepthwiseRPN, Pair, Response, SiamFCHead, UPChannelRPN
from drol_jax.nets.points import PointHead

Template = Pair
"""Correlation kernels of one template, ready for `SiameseNet.match`."""


class Search(NamedTuple):
    """feature [B, L, L, C]: what the online subnet sees; head: the head's part, shared by all templates."""

    feature: jax.Array
    head: Pair


class SiameseNet(nn.Module):
    """Backbone and head of one configuration.

    Pictures are [B, H, W, 3] RGB in 0..255, any real dtype, not normalised: the converter has turned the first
    convolution's input channels from PySOT's BGR once.
    """

    config: ModelConfig

    def setup(self):
        if self.config.backbone in mobilenetv3.VARIANTS:
            self.backbone = mobilenetv3.MobileNetV3(self.config.backbone)
        else:
            self.backbone = AlexNet(self.config.backbone, self.config.width)
        anchors = self.config.anchors_per_cell
        if self.config.head == "depthwise_rpn":
            self.head = DepthwiseRPN(anchors, self.config.head_channels)
        elif self.config.head == "upchannel_rpn":
            self.head = UPChannelRPN(anchors, feature_channels(self.config))
        elif self.config.anchor_free:
            self.head = PointHead(self.config.head, feature_channels(self.config))
        else:
            self.head = SiamFCHead()

    def feature(self, pictures: jax.Array) -> jax.Array:
        """[B, H, W, 3] -> [B, L, L, C], the feature map that the head and the online subnet share."""
        return self.backbone(pictures.astype(jnp.float32))

    def template(self, z: jax.Array) -> Template:
        """[B, 127, 127, 3] -> correlation kernels."""
        return self.head.template(self.feature(z))

    def search(self, x: jax.Array) -> Search:
        """[B, S, S, 3] -> everything about the search region that does not depend on a template."""
        feature = self.feature(x)
        return Search(feature, self.head.search(feature))

    def match(self, template: Template, search: Search) -> Response:
        """Response maps of one template ([1, ...]) or of one template per search region ([B, ...])."""
        return self.head.match(template, search.head)

    def __call__(self, z: jax.Array, x: jax.Array) -> Response:
        return self.match(self.template(z), self.search(x))


@dataclass(frozen=True)
class Network:
    """`SiameseNet` bound to its weights, so that a step reads as a sequence of plain calls."""

    config: ModelConfig
    variables: Any

    def feature(self, pictures: jax.Array) -> jax.Array:
        return self._each("feature", pictures)

    def template(self, z: jax.Array) -> Template:
        return self._apply("template", z)

    def search(self, x: jax.Array) -> Search:
        return self._each("search", x)

    def match(self, template: Template, search: Search) -> Response:
        return self._apply("match", template, search)

    def _each(self, method: str, pictures: jax.Array) -> Any:
        """The pictures [N, S, S, 3] as one batch; on the CPU one by one, in half the time and little memory."""
        if pictures.shape[0] == 1:
            return self._apply(method, pictures)

        def one_by_one(variables, pictures):
            net = Network(self.config, variables)
            results = jax.lax.map(lambda picture: net._apply(method, picture[None]), pictures)
            return jax.tree.map(lambda x: x[:, 0], results)

        def together(variables, pictures):
            return Network(self.config, variables)._apply(method, pictures)

        return jax.lax.platform_dependent(self.variables, pictures, cpu=one_by_one, default=together)

    def _apply(self, method: str, *args: Any) -> Any:
        return SiameseNet(self.config).apply(self.variables, *args, method=method)


def feature_channels(config: ModelConfig) -> int:
    """C of `Search.feature`."""
    if config.backbone in mobilenetv3.VARIANTS:
        return mobilenetv3.VARIANTS[config.backbone][-1].outputs
    return int(CHANNELS[-1] * (config.width if VARIANTS[config.backbone].scalable else 1.0))


def init_variables(config: ModelConfig, key: jax.Array, exemplar: int = 127, instance: int = 255) -> Any:
    """Fresh variables {'params', 'batch_stats'}; under `jax.eval_shape` the tree of shapes a checkpoint must fit."""
    z = jnp.zeros((1, exemplar, exemplar, 3))
    x = jnp.zeros((1, instance, instance, 3))
    return SiameseNet(config).init(key, z, x)
