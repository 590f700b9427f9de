"""Trackers with a small random network, quick to compile, and images for them."""

import math
from dataclasses import replace
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import recipe

from drol_jax.api import Tracker
from drol_jax.config import Config, Hyper, LongTermConfig, ModelConfig, OnlineConfig, SearchConfig, TemplateConfig
from drol_jax.model import hyper_arrays
from drol_jax.nets import init_variables
from drol_jax.settings import Settings

BOX = (40.0, 30.0, 24.0, 20.0)
SEARCH_SIZE = 151
FAST = {"xla_backend_optimization_level": 0}
"""Compiler options that halve the time of a compilation."""
HYPER = Hyper(penalty_k=0.1, window_influence=0.3, size_lr=0.3)
# No map can hold a second peak above these. A negative peak is NOT_FOUND.
NO_HARD_NEGATIVES = {"not_found": 0.0, "distractor": 10.0, "hard_negative": 10.0}
ONLINE = OnlineConfig(
    channels=8,
    attention="dual",
    memory_size=40,
    rotations=(10, -10),
    blurs=((2, 0.2),),
    translations=((0.6, 0.6),),
    dropout_samples=2,
    gauss_newton_rounds=1,
    cg_iterations=2,
    refit_iterations=2,
    hard_negative_iterations=2,
)


@cache
def variables(model):
    """Random weights of the recipe's kind: zero mean, He deviation; the first convolution sees grey levels."""
    shapes = jax.eval_shape(lambda key: init_variables(model, key), jax.random.key(0))

    def fill(path, leaf):
        name = jax.tree_util.keystr(path)
        if leaf.ndim < 2:
            return jnp.ones(leaf.shape) if "scale" in name or "var" in name else jnp.zeros(leaf.shape)
        gain = 1 / 64 if leaf.shape[-2] == 3 else 0.5
        return jnp.asarray(recipe.tensor(name, leaf.shape, gain * (2 / math.prod(leaf.shape[:-1])) ** 0.5))

    return jax.tree_util.tree_map_with_path(fill, shapes)


def tracker(
    head="depthwise_rpn", online=True, template_update=False, lost_size=None, samples="float32", **hyper
) -> Tracker:
    model = ModelConfig(backbone="alexnet", head=head, width=0.05, head_channels=8)
    config = Config(
        model=model,
        search=SearchConfig(instance_size=SEARCH_SIZE),
        online=replace(ONLINE, enabled=online, samples=samples),
        template=TemplateConfig(update=template_update),
        long_term=LongTermConfig(enabled=lost_size is not None, lost_instance_size=lost_size or 0),
    )
    return Tracker(
        settings=Settings(name="small", config=config, hyper=replace(HYPER, **hyper)),
        variables=variables(model),
        hyper=hyper_arrays(replace(HYPER, **hyper)),
        weights_hash="",
    )


@cache
def picture(t=0, height=96, width=128):
    """uint8 RGB: a patch of its own that moves over a fixed background."""
    image = recipe.texture("small/background", height, width).copy()
    x, y = 40 + t % 40, 30 + t % 20
    image[y : y + 20, x : x + 24] = recipe.texture("small/target", 20, 24)[: height - y, : width - x]
    return image


def lanes_of_boxes(count):
    return jnp.asarray(np.array(BOX) + np.arange(count)[:, None] * [4.0, 3.0, 1.0, 1.5], jnp.float32)


def tracked(tracker, frames=4):
    """(state, outputs) of a track through the pictures."""
    state, outputs = tracker.init(picture(), BOX), []
    for t in range(1, frames):
        state, output = tracker.step(state, picture(t))
        outputs.append(output)
    return state, outputs
