"""A Siamese network with its weights, and what it makes of images.

The network's module is imported when it is traced, and with it flax: a start whose programs are kept on disk does
without.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from drol_jax.config import ModelConfig, Precision
from drol_jax.nets.facts import FAST_KERNELS
from drol_jax.nets.heads.interface import MaskSearch, Response
from drol_jax.nets.inference.precision import PRODUCTS, reduced

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
        from drol_jax.nets.siamese import SiameseNet

        variables = reduced(self.variables, self.precision)
        with jax.default_matmul_precision(PRODUCTS[self.precision]):
            return SiameseNet(self.config).apply(variables, *args, method=method)
