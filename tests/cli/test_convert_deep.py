"""Conversion of the networks with several levels and masks, there and back."""

import json
import pickle
import struct
import zipfile

import numpy as np
import pytest
import recipe
import recorded
from test_convert import DEEP, differences, random_state, write_config
from test_torch_files import as_zip

from drol_jax import checkpoint
from drol_jax.convert import pysot_to_flax
from drol_jax.convert.cli import main
from drol_jax.convert.names import pysot as pysot_names
from drol_jax.convert.source import forward as source_forward
from drol_jax.convert.source.layers import convolution
from drol_jax.convert.torch import files as torch_files
from drol_jax.convert.torch.writer import write_state_dict
from drol_jax.errors import UserError
from drol_jax.nets import Search, SiameseNet, Template
from drol_jax.nets.heads.masks import MaskSearch

NAMES = ["siamrpn_r50_l234_dwxcorr_votlt", "siammask_r50_l3", "siamrpn_mobilev2_l234_dwxcorr"]


def written(path, state):
    write_state_dict(path, {name: array.shape for name, array in state.items()}, state.__getitem__)
    return path


def same_bits(found, wanted):
    return list(found) == list(wanted) and all(
        np.array_equal(found[name].view(np.int32), array.view(np.int32)) for name, array in wanted.items()
    )


@pytest.mark.parametrize("name", DEEP)
def test_the_network_gives_the_answer_of_its_source(name):
    model = DEEP[name]
    state = recipe.state_dict(pysot_names.expected(model))
    theirs = pysot_to_flax.source_answer(state, model)
    found = differences(pysot_names.to_flax(state, model), model, theirs)
    assert max(found.values()) < 1e-4, found


def test_the_mask_decoder_gives_the_answer_of_its_source():
    name = "siammask_r50_l3"
    state = recipe.state_dict({n: shape for n, shape in expected_of(name).items() if n.startswith("refine_head.")})
    draws = np.random.default_rng(0)
    fine = [draws.normal(size=(c, n, n)) for c, n in ((64, 93), (256, 47), (512, 23))]
    template, region = draws.normal(size=(256, 5, 5)), draws.normal(size=(256, 21, 21)) / 16
    row, column = source_forward.MASK_CELL
    wanted = source_forward.refined(state, fine, convolution(region, template[:, None]), row, column)
    template, region, *fine = (a[None].transpose(0, 2, 3, 1).astype(np.float32) for a in (template, region, *fine))
    search = Search(None, None, MaskSearch(region, tuple(fine)))
    found = SiameseNet(recorded.model(name)).apply(
        recorded.variables(name, backbone=False), Template(None, template), search, (row, column), method="refine"
    )
    assert recorded.relative_error(found, wanted) < 1e-5


def expected_of(name):
    return pysot_names.expected(recorded.model(name))


@pytest.mark.parametrize("name", NAMES)
def test_the_names_are_those_of_the_recorded_checkpoints(name):
    listed = json.loads((recorded.FOLDER / "state_dicts.json").read_text())[name]
    ours = {key: list(shape) for key, shape in expected_of(name).items()}
    assert ours == listed


def test_a_checkpoint_goes_there_and_back_bit_for_bit(tmp_path, capsys):
    model = DEEP["one level"]
    state = recipe.state_dict(pysot_names.expected(model))
    config, source = write_config(tmp_path, model), written(tmp_path / "model.pth", state)
    folder, back = tmp_path / "ours", tmp_path / "back.pth"
    arguments = ["--config", str(config)]
    assert main(["pysot", str(source), *arguments, "--output", str(folder)]) == 0, capsys.readouterr().err
    assert main(["to-pysot", str(folder), *arguments, "--output", str(back)]) == 0
    assert same_bits(torch_files.read_state_dict(back), state)
    assert back.read_bytes() == source.read_bytes()
    assert main(["to-pysot", str(folder), *arguments, "--output", str(back)]) == 2
    assert "--force" in capsys.readouterr().err
    assert main(["to-pysot", str(folder), *arguments, "--output", str(back), "--force"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["back.pth", "model.pth", "ours", "tiny.yaml"]


@pytest.mark.parametrize("name", checkpoint.bundled())
def test_the_bundled_weights_go_back_to_pysot(name, tmp_path):
    output = tmp_path / "starter.pth"
    assert main(["to-pysot", name, "--config", name, "--output", str(output)]) == 0
    model = recorded.load_settings(name).config.model
    variables = pysot_names.to_flax(torch_files.read_state_dict(output), model)
    loaded = checkpoint.load(checkpoint.resolve(name), model)
    assert checkpoint.weights_hash(variables) == loaded.hash


def test_weights_of_another_network_do_not_go_back(tmp_path, capsys):
    arguments = ["siamrpn_alex_tiny", "--config", "siamrpn_alex_otb", "--output", str(tmp_path / "out.pth")]
    assert main(["to-pysot", *arguments]) == 2
    assert "weights of another network" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_pytorch_reads_what_we_write(tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    state = random_state(DEEP["one level"])
    found = torch.load(written(tmp_path / "model.pth", state), weights_only=True)
    assert same_bits({name: tensor.numpy() for name, tensor in found.items()}, state)


def test_a_training_snapshot_of_data_parallel_is_read(tmp_path):
    """{'epoch', 'state_dict', 'optimizer'} with 'module.' names and numpy's numbers, as PySOT saves while it trains."""
    state = {"module.a.weight": np.arange(6, dtype=np.float32).reshape(2, 3)}
    path = written(tmp_path / "plain.pth", state)
    with zipfile.ZipFile(path) as archive:
        tensors = archive.read("archive/data.pkl")
    optimizer = pickle.dumps({"param_groups": [{"lr": np.float64(0.1), "params": [0]}]}, 2)
    parts = {"state_dict": tensors, "optimizer": optimizer, "epoch": pickle.dumps(20, 2)}
    # A pickle without its first two bytes and its last one is a value inside another.
    inside = b"".join(b"X" + struct.pack("<I", len(key)) + key.encode() + part[2:-1] for key, part in parts.items())
    numbers = state["module.a.weight"].tobytes()
    snapshot = as_zip(tmp_path / "checkpoint_e20.pth", b"\x80\x02}(" + inside + b"u.", [("0", numbers)])
    found = torch_files.read_state_dict(snapshot)
    assert list(found) == ["a.weight"]
    np.testing.assert_array_equal(found["a.weight"], state["module.a.weight"])


def test_numpys_numbers_are_no_way_to_an_array_of_ours(tmp_path):
    path = as_zip(tmp_path / "odd.pth", pickle.dumps({"a": np.float64(0.1)}, 2))
    with pytest.raises(UserError, match="holds no state dict: a is"):
        torch_files.read_state_dict(path)
