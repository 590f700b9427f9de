"""SiamMask's loss: the masks of a few positive cells of each pair, against the target's own.

Letters: B pairs, K cells of each, R rows and columns of the response, S those of the search region.
"""

from typing import Any

import jax
import jax.numpy as jnp

from drol_jax.config import Config
from drol_jax.config.heads import COARSE_MASK, REFINED_MASK
from drol_jax.nets import Search, SiameseNet, Template
from drol_jax.train.losses import LossSettings, draw


def mask_loss(
    variables: Any,
    template: Template,
    search: Search,
    coarse: jax.Array,
    positive: jax.Array,
    mask: jax.Array,
    config: Config,
    settings: LossSettings,
    key: jax.Array,
) -> jax.Array:
    """Mean logistic loss over the masks' pixels, of the masks that `settings` name.

    Args:
      variables: of the network, for the decoder.
      template, search: what the network made of the pairs, with its mask branch.
      coarse: [B, R, R, 63 * 63] logits of the branch.
      positive: bool [B, A, R, R], the anchors that count.
      mask: [B, S, S], 1 on the target.
      key: of the draw of cells.
    """
    cells, counts = chosen_cells(jnp.any(positive, axis=1), settings.mask_cells, key)
    wanted = jax.vmap(lambda one, at: jax.vmap(lambda cell: seen_by(one, cell, config))(at))(mask, cells)
    total = jnp.float32(0)
    if settings.mask != "refined":
        picked = jax.vmap(lambda one, at: one[at[:, 0], at[:, 1]])(coarse, cells)
        picked = picked.reshape(*counts.shape, COARSE_MASK, COARSE_MASK)
        picked = jax.image.resize(picked, (*counts.shape, REFINED_MASK, REFINED_MASK), "bilinear")
        total += _logistic(picked, wanted, counts)
    if settings.mask != "coarse":
        total += _logistic(_refined(variables, template, search, cells, config), wanted, counts)
    return total


def chosen_cells(positive: jax.Array, count: int, key: jax.Array) -> tuple[jax.Array, jax.Array]:
    """At most `count` positive cells a pair: int32 [B, K, 2] (row, column) and bool [B, K], which of them count."""
    rows = positive.shape[1]
    flat = positive.reshape(positive.shape[0], -1)
    counts, index = jax.lax.top_k(draw(flat, count, key).astype(jnp.float32), count)
    return jnp.stack([index // rows, index % rows], axis=-1).astype(jnp.int32), counts > 0


def seen_by(mask: jax.Array, cell: jax.Array, config: Config) -> jax.Array:
    """The part of a mask [S, S] that a cell's own mask shows, float32 [127, 127]; nothing outside the region."""
    search = config.search
    pad = search.exemplar_size
    corner = (cell - search.base_size // 2) * search.stride + pad
    padded = jnp.pad(mask, pad)
    return jax.lax.dynamic_slice(padded, (corner[0], corner[1]), (REFINED_MASK, REFINED_MASK)).astype(jnp.float32)


def _refined(variables: Any, template: Template, search: Search, cells: jax.Array, config: Config) -> jax.Array:
    """[B, K, 127, 127] logits of the decoder."""
    net = SiameseNet(config.model)
    # Nothing but the mask's parts, so that no other is copied for each pair.
    template, search = Template(None, template.mask), Search(None, None, search.mask)  # pyright: ignore[reportArgumentType]

    def of_pair(template, search, cells):
        template, search = jax.tree.map(lambda x: x[None], (template, search))
        return jax.vmap(lambda cell: net.apply(variables, template, search, cell, method="refine")[0])(cells)

    return jax.vmap(of_pair)(template, search, cells)


def _logistic(logits: jax.Array, wanted: jax.Array, counts: jax.Array) -> jax.Array:
    losses = jnp.mean(jax.nn.softplus(jnp.where(wanted > 0.5, -logits, logits)), axis=(2, 3))
    counted = counts.astype(jnp.float32)
    return jnp.sum(losses * counted) / jnp.maximum(jnp.sum(counted), 1)
