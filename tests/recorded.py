"""Reading the recorded numbers in golden/, and the two networks they were recorded from."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import jax
import numpy as np
import pysot_names
import recipe

from drol_jax.config import Config
from drol_jax.settings import load_settings

FOLDER = Path(__file__).parent / "golden"
CONFIGS = {"siamfc_alex_upxcorr_otb": "siamfc_alex_otb", "siamrpn_alex_dwxcorr_otb": "siamrpn_alex_otb"}


@cache
def load(name):
    """{key: array} of golden/<name>.npz."""
    with np.load(FOLDER / f"{name}.npz") as file:
        return dict(file)


@cache
def settings(recorded):
    return load_settings(CONFIGS[recorded])


@cache
def variables(recorded):
    """The recipe's weights, converted."""
    model = settings(recorded).config.model
    state = recipe.state_dict(pysot_names.expected(model))
    return jax.tree.map(jax.numpy.asarray, pysot_names.to_flax(state, model))


def variant(recorded, online: bool, template_update: bool) -> Config:
    """A configuration with subnet and short-term template switched on or off."""
    config = settings(recorded).config
    return replace(
        config,
        online=replace(config.online, enabled=online),
        template=replace(config.template, update=template_update),
    )


def strided(array, file, key):
    """`array` cut as the recording was: every stride-th value of the flat channel-first tensor."""
    stride = int(file.get(f"{key}__stride", 1))
    assert list(array.shape) == list(file.get(f"{key}__shape", array.shape))
    return np.asarray(array).reshape(-1)[::stride]


def channels_first(array):
    return np.moveaxis(np.asarray(array), -1, 1)


def relative_error(actual, wanted):
    """Largest difference in units of the largest wanted magnitude."""
    actual, wanted = np.asarray(actual, np.float64).reshape(-1), np.asarray(wanted, np.float64).reshape(-1)
    assert actual.shape == wanted.shape
    return np.abs(actual - wanted).max() / np.abs(wanted).max()
