"""Surveys that ship are what tracing the networks tells, for the code that is here."""

from dataclasses import replace

import pytest

from drol_jax.nets.inference.shipped import CODE, FOLDER, ship, shipped
from drol_jax.nets.inference.surveying import surveyed
from drol_jax.settings import load_model
from drol_jax.system.resources import configurations

MODELS = {name: load_model(name) for name in configurations()}
SMALL = MODELS["siamrpn_alex_tiny"]


@pytest.mark.parametrize("name", configurations())
def test_every_configurations_network_ships_what_its_trace_tells(name):
    found = shipped(MODELS[name])
    assert found is not None, "drol_jax/config or drol_jax/nets has changed: run make surveys"
    assert found == surveyed(MODELS[name])


def test_no_other_networks_ship():
    assert len(list(FOLDER.glob("*.json"))) == len(set(MODELS.values()))


def test_what_is_written_is_found_again_and_nothing_else(tmp_path):
    survey = surveyed(SMALL)
    ship({MODELS["drol_nano"]: surveyed(MODELS["drol_nano"])}, tmp_path)
    ship({SMALL: survey}, tmp_path)
    assert shipped(SMALL, tmp_path) == survey
    assert shipped(MODELS["drol_nano"], tmp_path) is None
    assert shipped(replace(SMALL, width=SMALL.width / 2), tmp_path) is None


def test_a_survey_of_other_code_does_not_count(tmp_path):
    ship({SMALL: surveyed(SMALL)}, tmp_path)
    (tmp_path / CODE).write_text("config 0\nnets 0\n")
    assert shipped(SMALL, tmp_path) is None


@pytest.mark.parametrize("damage", ["{", "[]", "{}", '{"shapes": 3}'])
def test_a_damaged_survey_counts_as_none(tmp_path, damage):
    ship({SMALL: surveyed(SMALL)}, tmp_path)
    (file,) = tmp_path.glob("*.json")
    file.write_text(damage)
    assert shipped(SMALL, tmp_path) is None


def test_surveys_without_the_code_that_they_are_of_count_as_none(tmp_path):
    ship({SMALL: surveyed(SMALL)}, tmp_path)
    (tmp_path / CODE).unlink()
    assert shipped(SMALL, tmp_path) is None
