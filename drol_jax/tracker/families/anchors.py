"""The family of anchors (SiamRPN, SiamRPN++, SiamMask): at every cell, offsets from boxes of several shapes.

Letters: R rows and columns of the response map, A anchors a cell. Boxes are (x, y, w, h): centre off the crop's, search
pixels.
"""

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.config import Config, ModelConfig, SearchConfig
from drol_jax.image.crops import Frame
from drol_jax.model import Model
from drol_jax.nets import Response
from drol_jax.tracker import one_region
from drol_jax.tracker.fidelity import rules
from drol_jax.tracker.outcome import Found
from drol_jax.tracker.places import whole_places
from drol_jax.tracker.state import TrackerState

SCORES_ARE_SHARES = False
NO_PENALTY = 0.0
"""`Hyper.penalty_k` with which all sizes count alike."""


def search(model: Model, state: TrackerState, frame: Frame) -> Found:
    """Look for the target around its last place."""
    if model.config.long_term.enabled:
        return one_region.search_long_term(model, state, frame)
    return one_region.search_rpn(model, state, frame)


maps = one_region.rpn_maps
"""What a search sees, for people to look at."""


def scales_of(search: SearchConfig) -> jax.Array:
    """Sides of the regions that are searched in each frame, as factors on the usual one, float32 [1]."""
    return jnp.ones(1)


def places_a_cell(model: ModelConfig) -> int:
    """A."""
    return model.anchors_per_cell


def confidence(side: int, config: Config) -> np.ndarray:
    """Matrix from the online score map, of so many rows, to the response map."""
    return rules(config).anchor_confidence(side, config.search)


def grid(config: Config) -> np.ndarray:
    """Anchors of every cell where the tracker decodes them, float32 [A, R, R, 4]."""
    return anchors(config.model, config.search, rules(config).anchor_places(config.search))


def anchors(model: ModelConfig, search: SearchConfig, places: np.ndarray | None = None) -> np.ndarray:
    """Anchors of every cell, float32 [A, R, R, 4] (x, y, w, h): centre relative to the crop's, search pixels.

    Args:
      places: their centres along one axis, [R]; default as published.
    """
    size, stride = search.score_size, search.stride
    shapes = []
    for ratio in model.anchor_ratios:
        width = int(np.sqrt(stride * stride / ratio))
        height = int(width * ratio)
        shapes += [(width * scale, height * scale) for scale in model.anchor_scales]
    offset = (whole_places(search) if places is None else places).astype(np.float32)
    grid = np.empty((len(shapes), size, size, 4), np.float32)
    grid[..., 0] = offset[None, None, :]
    grid[..., 1] = offset[None, :, None]
    grid[..., 2:] = np.array(shapes, np.float32)[:, None, None, :]
    return grid


def encode(boxes: jax.Array, anchor: jax.Array | np.ndarray) -> jax.Array:
    """Offsets [..., 4] that a network should tell of boxes [..., 4] at anchors [..., 4]."""
    centres = (boxes[..., :2] - anchor[..., :2]) / anchor[..., 2:]
    return jnp.concatenate([centres, jnp.log(boxes[..., 2:] / anchor[..., 2:])], axis=-1)


def decode(offsets: jax.Array, anchor: jax.Array | np.ndarray) -> jax.Array:
    """Boxes [..., 4] from a network's offsets [..., 4] at anchors [..., 4]."""
    centres = offsets[..., :2] * anchor[..., 2:] + anchor[..., :2]
    return jnp.concatenate([centres, jnp.exp(offsets[..., 2:]) * anchor[..., 2:]], axis=-1)


def read(response: Response, config: Config) -> tuple[jax.Array, jax.Array]:
    """Target probability [A, R, R] and boxes [A, R, R, 4] (x, y, w, h): centre off the crop's, search pixels."""
    assert response.loc is not None
    count = config.model.anchors_per_cell
    r = response.cls.shape[1]
    logits = jnp.transpose(response.cls[0], (2, 0, 1)).reshape(2, count, r, r)
    probability = jax.nn.softmax(logits, axis=0)[1]
    offsets = jnp.transpose(response.loc[0], (2, 0, 1)).reshape(4, count, r, r)
    offsets = jnp.moveaxis(offsets, 0, -1)
    return probability, decode(offsets, grid(config))
