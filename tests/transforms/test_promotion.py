"""Nothing in `init` and `step` is widened without a word: they are traced where jax refuses to."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import pytest
import small_tracker

from drol_jax.model import Model
from drol_jax.nets import init_variables
from drol_jax.settings import load_settings
from drol_jax.tracker.start import init, init_draws
from drol_jax.tracker.step import step

NAMES = (
    "nanotrack_v1",
    "nanotrack_v3",
    "siamfc_alex_tiny",
    "siammask_r50",
    "siamrpn_alex_tiny",
    "siamrpn_mobilev2",
    "siamrpn_r50_votlt",
)
"""Every head, backbone and kind of search."""
LIKE_OTHERS = ("nanotrack_v1", "siammask_r50", "siamrpn_mobilev2", "siamrpn_r50_votlt")
HYPER = small_tracker.tracker().hyper
FRAME, BOX = jax.ShapeDtypeStruct((96, 128, 3), jnp.uint8), jax.ShapeDtypeStruct((4,), jnp.float32)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.deep if name in LIKE_OTHERS else ()) for name in NAMES]
)
def test_ranks_and_types_are_widened_in_words(name):
    settings = load_settings(name)
    with jax.numpy_rank_promotion("raise"), jax.numpy_dtype_promotion("strict"):
        variables = jax.eval_shape(lambda key: init_variables(settings.config.model, key), jax.random.key(0))
        for fidelity in ("published", "exact"):
            config = replace(settings.config, fidelity=fidelity)
            model = Model(config=config, variables=variables, hyper=HYPER)
            online = config.online.enabled
            draws = jax.eval_shape(lambda c=config: init_draws(c, jax.random.key(0))) if online else None
            state = jax.eval_shape(init, model, FRAME, BOX, draws)
            _, output = jax.eval_shape(step, model, state, FRAME)
            assert output.box.dtype == jnp.float32
