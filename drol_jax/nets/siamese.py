"""The Siamese network: template(z) -> Template, search(x) -> Search, match(Template, Search) -> Response."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from drol_jax.config import ModelConfig, Precision
from drol_jax.config.network import backbone_facts, head_facts, level_channels, levels, passing
from drol_jax.nets.heads.interface import Response
from drol_jax.nets.heads.masks import MaskHead, MaskSearch
from drol_jax.nets.heads.multi_rpn import weighted_sum
from drol_jax.nets.inference.precision import PRODUCTS, reduced
from drol_jax.nets.layers import FAST_KERNELS
from drol_jax.nets.neck import Neck

AT_ONCE = 4
"""Images that go through a network together on a CPU, where they share its kernels' way through the caches."""

Levels = tuple[jax.Array, ...]
"""Feature maps [B, L, L, C_i] of one image, in the order of the network."""


class Template(NamedTuple):
    """Correlation kernels of one template, ready for `SiameseNet.match` and `SiameseNet.refine`."""

    head: Any
    mask: jax.Array | None = None  # None without a mask branch


class Search(NamedTuple):
    """feature [B, L, L, C]: what the online subnet sees; head: the head's part, shared by all templates."""

    feature: jax.Array
    head: Any
    mask: MaskSearch | None = None  # None without a mask branch


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


@dataclass(frozen=True)
class Network:
    """`SiameseNet` bound to its weights, so that a step reads as a sequence of plain calls."""

    config: ModelConfig
    variables: Any
    precision: Precision = "float32"

    def feature(self, images: jax.Array) -> jax.Array:
        return self._each("feature", images)

    def pyramid(self, images: jax.Array) -> tuple[Levels, Levels]:
        return self._each("pyramid", images)

    def template(self, z: jax.Array) -> Template:
        return self._apply("template", z)

    def search(self, x: jax.Array) -> Search:
        return self._each("search", x)

    def search_of(self, fine: Levels, levels: Levels) -> Search:
        return self._apply("search_of", fine, levels)

    def match(self, template: Template, search: Search) -> Response:
        return self._apply("match", template, search)

    def _each(self, method: str, images: jax.Array) -> Any:
        """The images [N, S, S, 3] as one batch; on the CPU a few at a time, faster and in little memory."""
        count = images.shape[0]
        if count == 1:
            return self._apply(method, images)
        groups = -(-count // AT_ONCE)
        at_once = -(-count // groups)

        def few(variables, images):
            net = Network(self.config, variables, self.precision)
            # A black image where the last group lacks one: a group of another size would be a program of its own.
            images = jnp.pad(images, ((0, groups * at_once - count), *[(0, 0)] * 3))
            images = images.reshape(groups, at_once, *images.shape[1:])
            results = jax.lax.map(lambda group: net._apply(method, group), images)
            return jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:])[:count], results)

        def together(variables, images):
            return Network(self.config, variables, self.precision)._apply(method, images)

        if FAST_KERNELS in self.variables:  # prepared for a CPU: the other form need not be traced
            return few(self.variables, images)
        return jax.lax.platform_dependent(self.variables, images, cpu=few, default=together)

    def refine(self, template: Template, search: Search, position: jax.Array) -> jax.Array:
        return self._apply("refine", template, search, position)

    def _apply(self, method: str, *args: Any) -> Any:
        variables = reduced(self.variables, self.precision)
        with jax.default_matmul_precision(PRODUCTS[self.precision]):
            return SiameseNet(self.config).apply(variables, *args, method=method)


def init_variables(config: ModelConfig, key: jax.Array, exemplar: int = 127, instance: int = 255) -> Any:
    """Fresh variables {'params', 'batch_stats'}; under `jax.eval_shape` the tree of shapes a checkpoint must fit."""
    z = jnp.zeros((1, exemplar, exemplar, 3))
    x = jnp.zeros((1, instance, instance, 3))
    return SiameseNet(config).init(key, z, x)
