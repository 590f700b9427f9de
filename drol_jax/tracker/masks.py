"""The mask of the chosen cell (SiamMask, DROL-Mask)."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from drol_jax.config import SearchConfig
from drol_jax.nets import Network, Search, Template


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Mask:
    """A mask, and the part of the image that it covers; `drol_jax.image.masks` puts it into the image."""

    probability: jax.Array  # float32 [127, 127]
    box: jax.Array  # float32 [4] (x, y, w, h), pixels


def mask_at(
    net: Network,
    template: Template,
    seen: Search,
    index: jax.Array,
    centre: jax.Array,
    side: jax.Array,
    search: SearchConfig,
    edge: float,
) -> Mask:
    """Decode the mask of one cell.

    Args:
      net: a network with a mask branch.
      template, seen: one of each.
      index: int32 (), anchor in the flat response map [A, R, R].
      centre: [2] (x, y), where the search region was cut, pixels.
      side: (), the region's side, pixels.
      edge: from the mask's edge to the corner of its box, pixels. The edge is half a pixel before the first pixel's
        middle, which a box (x, y, w, h) counts from; published: 0.
    """
    cells = search.score_size
    row, column = index % (cells * cells) // cells, index % cells
    logits = net.refine(template, seen, jnp.stack([row, column]))
    # Image pixels per search pixel. One cell sees a template's worth of the region, the first from its corner on.
    scale = side / search.instance_size
    cell = jnp.stack([column, row]).astype(jnp.float32)
    corner = centre - side / 2 + (cell - search.base_size / 2) * search.stride * scale + edge
    extent = jnp.broadcast_to(scale * search.exemplar_size, (2,))
    return Mask(probability=jax.nn.sigmoid(logits[0]), box=jnp.concatenate([corner, extent]))
