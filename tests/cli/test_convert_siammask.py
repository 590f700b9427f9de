"""The original SiamMask release: its names are mapped, what else it released is told apart, nothing is guessed."""

import json
import pickle
import struct
import zipfile

import numpy as np
import pytest
import recipe
import recorded
from test_convert import write_config
from test_convert_deep import written
from test_torch_files import as_zip

from drol_jax import checkpoint
from drol_jax.config import ModelConfig
from drol_jax.convert import siammask_to_flax
from drol_jax.convert.cli import main
from drol_jax.convert.names import pysot as pysot_names
from drol_jax.convert.siammask_to_flax import spelling

SHARP = recorded.model("siammask_r50_l3")
SMALL = ModelConfig(
    backbone="resnet18", layers=(3,), adjust_channels=(4,), head="depthwise_rpn", head_channels=3, width=1.0
)
"""The release's layout at a size that converts in no time."""


def state_of(model):
    """The recipe's numbers under the release's names."""
    return {spelling(name): recipe.parameter(name, shape) for name, shape in pysot_names.expected(model).items()}


def convert(source, config, output):
    return main(["siammask", str(source), "--config", str(config), "--output", str(output)])


def as_snapshot(path, state):
    """{'epoch', 'arch', 'state_dict', 'best_acc', 'optimizer', 'anchor_cfg'} of a network in DataParallel."""
    plain = written(path.with_suffix(".plain"), {f"module.{name}": array for name, array in state.items()})
    with zipfile.ZipFile(plain) as archive:
        tensors = archive.read("archive/data.pkl")
        storages = [(str(i), archive.read(f"archive/data/{i}")) for i in range(len(state))]
    plain.unlink()
    around = {"epoch": 20, "arch": "Custom", "best_acc": 0.5, "anchor_cfg": {"stride": 8, "ratios": [0.33, 0.5]}}
    parts = {key: pickle.dumps(value, 2) for key, value in around.items()}
    parts |= {"state_dict": tensors, "optimizer": pickle.dumps({"param_groups": [{"lr": np.float64(0.1)}]}, 2)}
    # A pickle without its first two bytes and its last one is a value inside another.
    inside = b"".join(b"X" + struct.pack("<I", len(key)) + key.encode() + part[2:-1] for key, part in parts.items())
    return as_zip(path, b"\x80\x02}(" + inside + b"u.", storages)


def test_the_names_and_shapes_are_those_of_the_release():
    listed = json.loads((recorded.FOLDER / "state_dicts.json").read_text())["foolwood_siammask_sharp"]
    ours = {spelling(name): list(shape) for name, shape in pysot_names.expected(SHARP).items()}
    assert ours == listed


def test_a_snapshot_of_data_parallel_converts_to_the_network_of_its_pysot_twin(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(siammask_to_flax, "_check_network", lambda model: None)
    config, source = write_config(tmp_path, SMALL), as_snapshot(tmp_path / "model.pth", state_of(SMALL))
    assert convert(source, config, tmp_path / "out.safetensors") == 0, capsys.readouterr().err
    loaded = checkpoint.load(tmp_path / "out.safetensors", SMALL)
    twin = pysot_names.to_flax(recipe.state_dict(pysot_names.expected(SMALL)), SMALL)
    assert loaded.hash == checkpoint.weights_hash(twin)
    assert loaded.card["converter"]["name"] == "siammask_to_flax"
    assert loaded.card["largest_difference"] < 1e-4


@pytest.mark.parametrize(
    ("parts", "masks", "message"),
    [
        (["backbone", "neck", "rpn_head"], True, "convert it with drol-jax convert pysot"),
        (["features", "rpn_model", "mask_model"], True, "take a checkpoint of siammask_sharp"),
        (["features", "rpn_model"], True, "take a configuration without them"),
        (
            ["features", "rpn_model", "mask_model", "refine_model"],
            True,
            "missing (303): features.features.conv1.weight",
        ),
        (["features", "rpn_model", "mask_model"], False, "extra (3): features.x.weight [1], rpn_model.x.weight [1]"),
    ],
)
def test_what_else_was_released_is_told_apart(parts, masks, message, tmp_path, capsys):
    model = SHARP if masks else ModelConfig(**{**SHARP.__dict__, "mask": False})
    source = written(tmp_path / "model.pth", {f"{part}.x.weight": np.ones(1, np.float32) for part in parts})
    assert convert(source, write_config(tmp_path, model), tmp_path / "out") == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error
    assert not (tmp_path / "out").exists()


def test_another_network_s_configuration_is_refused_with_the_cure(tmp_path, capsys):
    assert convert(tmp_path / "model.pth", "siamrpn_r50", tmp_path / "out") == 2
    error = capsys.readouterr().err
    assert "head multi_rpn (not depthwise_rpn)" in error
    assert "siammask_r50_l3/config.yaml" in error
