"""Reading the recorded numbers in golden/, and the two networks they were recorded from."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import jax
import numpy as np
import recipe

from drol_jax.config import Config, ModelConfig
from drol_jax.convert.names import pysot as pysot_names
from drol_jax.settings import load_settings

FOLDER = Path(__file__).parents[1] / "golden"
CONFIGS = {
    "siamfc_alex_upxcorr_otb": "siamfc_alex_otb",
    "siamrpn_alex_dwxcorr_otb": "siamrpn_alex_otb",
    "siamrpn_r50_l234_dwxcorr_otb": "siamrpn_r50_otb",
    "siamrpn_r50_l234_dwxcorr": "siamrpn_r50",
    "siamrpn_mobilev2_l234_dwxcorr": "siamrpn_mobilev2",
    "siammask_r50_l3": "siammask_r50",
    "siamrpn_r50_l234_dwxcorr_votlt": "siamrpn_r50_votlt",
}


@cache
def load(name):
    """{key: array} of golden/<name>.npz."""
    with np.load(FOLDER / f"{name}.npz") as file:
        return dict(file)


@cache
def settings(recorded):
    return load_settings(CONFIGS[recorded])


def model(recorded) -> ModelConfig:
    return settings(recorded).config.model


@cache
def variables(recorded, backbone=True):
    """The recipe's weights, converted; without its numbers a backbone is all zeros, which takes no time."""
    shapes = pysot_names.expected(model(recorded))
    state = {
        name: recipe.parameter(name, shape)
        if backbone or not name.startswith("backbone.")
        else np.zeros(shape, np.float32)
        for name, shape in shapes.items()
    }
    return jax.tree.map(jax.numpy.asarray, pysot_names.to_flax(state, model(recorded)))


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


def distance(actual, wanted):
    """Length of the difference, relative to the wanted vector's."""
    actual, wanted = np.asarray(actual, np.float64), np.asarray(wanted, np.float64)
    assert actual.shape == wanted.shape
    return np.linalg.norm(actual - wanted) / np.linalg.norm(wanted)


def filter_of(array):
    """[1, D, k, k] as recorded -> [k, k, D]."""
    return np.moveaxis(array[0], 0, -1)
