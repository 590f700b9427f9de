"""The Siamese network: template(z) -> Template, search(x) -> Search, match(Template, Search) -> Response."""

from importlib import import_module
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from drol_jax.config import ModelConfig
from drol_jax.config.network import backbone_facts, head_facts, level_channels, levels, passing
from drol_jax.nets.heads.interface import Response
from drol_jax.nets.heads.masks import MaskHead
from drol_jax.nets.heads.multi_rpn import weighted_sum
from drol_jax.nets.neck import Neck
from drol_jax.nets.network import Levels, Search, Template


class SiameseNet(nn.Module):
    """Backbone, neck and heads of one configuration.

    Images are [B, H, W, 3] RGB in 0..255, any real dtype, not normalised: the converter has turned the first
    convolution's input channels from PySOT's BGR once.
    """

    config: ModelConfig

    def setup(self):
        config = self.config
        self.backbone = _backbone(config)
        if config.adjust_channels:
            self.neck = Neck(config.adjust_channels)
        self.head = _head(config)
        if config.mask:
            self.mask_head = MaskHead(config.head_channels)

    def pyramid(self, images: jax.Array) -> tuple[Levels, Levels]:
        """[B, H, W, 3] -> (the backbone's outputs that pass the neck and heads by, those for the neck).

        The former are for the mask decoder or, with `online_layers`, for the online subnet.
        """
        outputs = dict(zip(_outputs(self.config), self.backbone(images.astype(jnp.float32)), strict=True))
        return tuple(outputs[i] for i in passing(self.config)), tuple(outputs[i] for i in levels(self.config))

    def adjusted(self, levels: Levels) -> Levels:
        """The backbone's outputs -> those that the heads see; a template's are cut to their middle."""
        return self.neck(levels) if self.config.adjust_channels else levels

    def feature(self, images: jax.Array) -> jax.Array:
        """[B, H, W, 3] -> [B, L, L, C], what the online subnet sees of search regions."""
        fine, levels = self.pyramid(images)
        return self._online(fine, self.adjusted(levels))

    def template(self, z: jax.Array) -> Template:
        """[B, 127, 127, 3] -> correlation kernels."""
        return self.template_of(self.pyramid(z)[1])

    def template_of(self, levels: Levels) -> Template:
        """The same from the backbone's outputs for the neck."""
        levels = self.adjusted(levels)
        mask = self.mask_head.template(levels[0]) if self.config.mask else None
        return Template(self.head.template(self._for_head(levels)), mask)

    def search(self, x: jax.Array) -> Search:
        """[B, S, S, 3] -> everything about the search region that does not depend on a template."""
        return self.search_of(*self.pyramid(x))

    def search_of(self, fine: Levels, levels: Levels) -> Search:
        """The same from the backbone's outputs."""
        levels = self.adjusted(levels)
        mask = self.mask_head.search(levels[0], fine) if self.config.mask else None
        return Search(self._online(fine, levels), self.head.search(self._for_head(levels)), mask)

    def match(self, template: Template, search: Search) -> Response:
        """Response maps, float32, of one template ([1, ...]) or of one template per search region ([B, ...])."""
        return jax.tree.map(_in_full, self.head.match(template.head, search.head))

    def coarse_masks(self, template: Template, search: Search) -> jax.Array:
        """[B, R, R, 63 * 63] logits of the mask branch alone, which no tracker reads."""
        assert template.mask is not None and search.mask is not None
        return _in_full(self.mask_head.coarse(template.mask, search.mask))

    def refine(self, template: Template, search: Search, position: jax.Array) -> jax.Array:
        """[B, 127, 127] mask logits at one cell of the response, int32 [2] (row, column), traced or not."""
        assert template.mask is not None and search.mask is not None
        return _in_full(self.mask_head.refine(template.mask, search.mask, jnp.asarray(position)))

    def __call__(self, z: jax.Array, x: jax.Array) -> Response:
        template, search = self.template(z), self.search(x)
        if self.config.mask and self.is_initializing():
            self.coarse_masks(template, search)
            self.refine(template, search, jnp.zeros(2, jnp.int32))
        return self.match(template, search)

    def _for_head(self, levels: Levels) -> Any:
        return levels if head_facts(self.config).several else levels[0]

    def _online(self, fine: Levels, levels: Levels) -> jax.Array:
        if self.config.online_layers:
            return jnp.concatenate([_in_full(level) for level in fine], axis=-1)
        choice, levels = self.config.online_feature, tuple(_in_full(level) for level in levels)
        if choice == "mean":
            return sum(levels[1:], levels[0]) / len(levels)
        if choice == "weighted":
            # The raw numbers, where the head takes their softmax (published).
            return weighted_sum(levels, self.head.cls_weight)
        return jnp.concatenate(levels, axis=-1) if choice == "concat" else levels[self.config.online_level]


def _outputs(config: ModelConfig) -> tuple[int, ...]:
    """Numbers of the outputs that the backbone gives, rising."""
    return tuple(sorted({*passing(config), *levels(config)}))


def _backbone(config: ModelConfig) -> Any:
    kind = backbone_facts(config).kind
    return import_module(f"drol_jax.nets.backbones.{kind}").build(config, _outputs(config))


def _head(config: ModelConfig) -> Any:
    kind = head_facts(config).kind
    return import_module(f"drol_jax.nets.heads.{kind}").build(config, level_channels(config))


def _in_full(x: jax.Array) -> jax.Array:
    """What leaves the network: float32, whatever it computes in."""
    return x.astype(jnp.float32)


def init_variables(config: ModelConfig, key: jax.Array, exemplar: int = 127, instance: int = 255) -> Any:
    """Fresh variables {'params', 'batch_stats'}; under `jax.eval_shape` the tree of shapes a checkpoint must fit."""
    z = jnp.zeros((1, exemplar, exemplar, 3))
    x = jnp.zeros((1, instance, instance, 3))
    return SiameseNet(config).init(key, z, x)
