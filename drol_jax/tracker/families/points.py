"""The family of points (NanoTrack): at every cell, the distances from a point to the four sides of a box.

Letters: R rows and columns of the response map.
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
    return one_region.search_rpn(model, state, frame)


maps = one_region.rpn_maps
"""What a search sees, for people to look at."""


def scales_of(search: SearchConfig) -> jax.Array:
    """Sides of the regions that are searched in each frame, as factors on the usual one, float32 [1]."""
    return jnp.ones(1)


def places_a_cell(model: ModelConfig) -> int:
    """One point."""
    return 1


def confidence(side: int, config: Config) -> np.ndarray:
    """Matrix from the online score map, of so many rows, to the points."""
    return rules(config).point_confidence(side, config.search)


def points(search: SearchConfig) -> np.ndarray:
    """Place of every cell's point off the crop's centre, float32 [R, R, 2] (x, y), search pixels.

    The heads were trained with these points: whatever their cells are centred on (a pixel behind the point in versions
    1 and 2, seven before it in version 3), their answers are about the points.
    """
    line = whole_places(search).astype(np.float32)
    return np.stack(np.meshgrid(line, line), axis=-1)


def encode(low: jax.Array, high: jax.Array, point: jax.Array | np.ndarray) -> jax.Array:
    """Distances [..., 4] (left, top, right, bottom) from points [..., 2] to the corners of boxes, each [..., 2]."""
    return jnp.concatenate([point - low, high - point], axis=-1)


def decode(distances: jax.Array, point: jax.Array | np.ndarray) -> jax.Array:
    """Boxes [..., 4] (x, y, w, h) by their centres from distances [..., 4] at points [..., 2]."""
    low, high = point - distances[..., :2], point + distances[..., 2:]
    return jnp.concatenate([(low + high) * 0.5, high - low], axis=-1)


def read(response: Response, config: Config) -> tuple[jax.Array, jax.Array]:
    """Target probability [1, R, R] and boxes [1, R, R, 4] (x, y, w, h): centre off the crop's, search pixels.

    Args:
      response: cls [1, R, R, 2] (background, target) logits; loc [1, R, R, 4] distances from the point to the left,
        top, right and bottom sides, search pixels.
    """
    assert response.loc is not None
    probability = jax.nn.softmax(response.cls, axis=-1)[..., 1]
    return probability, decode(response.loc, points(config.search)[None])
