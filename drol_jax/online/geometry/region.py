"""`Region`: what of the image a search looked at."""

from dataclasses import dataclass

import jax


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Region:
    """A search region, and the target as it was when the region was chosen."""

    centre: jax.Array  # float32 [2] (x, y), image pixels, the middle of the crop
    size: jax.Array  # float32 [2] (w, h), image pixels, the target
    scale: jax.Array  # float32 (), crop pixels per image pixel
