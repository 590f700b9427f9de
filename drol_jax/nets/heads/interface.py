"""What every matching head is: template and search features in, response maps out.

Each head has the same three methods. `template` and `search` do all work that depends on one input only, so that a
template costs nothing after its first frame and two templates share one search; `match` joins the two. A module of
this folder has `build(model, channels)`, which makes its head for features of so many channels a level.

Response channels are in PySOT's order: `cls` holds, for A anchors, A background then A target logits; `loc` holds
A dx, A dy, A dw, A dh.
"""

from typing import Any, NamedTuple

import jax


class Response(NamedTuple):
    """cls [B, R, R, 2A] logits and loc [B, R, R, 4A]; SiamFC: cls [B, R, R, 1] correlation, loc None.

    Point heads (`heads/points.py`): A = 1, and loc holds distances in search pixels.
    """

    cls: jax.Array
    loc: jax.Array | None


class Pair(NamedTuple):
    """What a head keeps of a template or of a search feature: an array or a small tree of them for each branch.

    SiamFC has no loc.
    """

    cls: Any
    loc: Any


class Views(NamedTuple):
    """A feature as one branch sees it, [B, h, w, C] for each of its correlations."""

    pixelwise: jax.Array
    depthwise: jax.Array | None


class MaskSearch(NamedTuple):
    """What the decoder needs of a search region."""

    feature: jax.Array  # [B, H, W, C], the mask branch's convolution of the region
    fine: tuple[jax.Array, ...]  # backbone outputs 0, 1 and 2: [B, ., ., C0], [B, ., ., C1], [B, ., ., C2]
