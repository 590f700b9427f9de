"""How image, search crop, feature cells, labels and score map lie to each other: `published` and `exact`, siblings.

Both are static, and everything of the online subnet that depends on the fidelity is in them. Pixels of the crop count
from 0, its middle is (S - 1) / 2. Cell i of the feature is centred on pixel `first + stride * i`.

Letters: N samples, I images of the first frame, L feature cells, S search size (pixels).
"""

from drol_jax.config import Config
from drol_jax.config.network import backbone_facts
from drol_jax.online.geometry.exact import Exact
from drol_jax.online.geometry.published import Published
from drol_jax.online.geometry.region import Region

__all__ = ["Exact", "Geometry", "Published", "Region", "geometry"]

Geometry = Published | Exact


def geometry(config: Config, map_size: int | None = None) -> Geometry:
    """The geometry of a tracker's search region.

    Args:
      map_size: published: rows and columns of the score map, where they are not the region's.
    """
    search, facts = config.search, backbone_facts(config.model)
    pixels, kernel = search.instance_size, config.online.kernel_size
    cells = facts.cells(pixels)
    if config.fidelity == "published":
        return Published(pixels=map_size or pixels, cells=cells, kernel=kernel)
    return Exact(pixels=pixels, cells=cells, first=facts.first_cell, stride=facts.stride, kernel=kernel)
