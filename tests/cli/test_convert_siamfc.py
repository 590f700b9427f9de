"""Conversion of the SiamFC MATLAB release: the network agrees with MatConvNet's arithmetic, or nothing is written."""

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat
from scipy.io.matlab import MatlabObject

from drol_jax import checkpoint
from drol_jax.config import ModelConfig
from drol_jax.convert import siamfc_mat_to_flax
from drol_jax.convert.cli import main

SIAMFC = ModelConfig(backbone="alexnetlegacy2", head="siamfc")


def matlab_params(prefix="br_", adjust="fin_adjust_bn"):
    """Random arrays under the release's names, as loadmat shapes them."""
    draws = np.random.default_rng(3)
    sizes = [(11, 3, 96), (5, 48, 256), (3, 256, 384), (3, 192, 384), (3, 192, 256)]
    params = {}
    for i, (kernel, inputs, outputs) in enumerate(sizes, start=1):
        scale = (2 / (kernel * kernel * inputs)) ** 0.5
        filters = draws.normal(size=(kernel, kernel, inputs, outputs)) * scale
        params |= {f"{prefix}conv{i}f": filters, f"{prefix}conv{i}b": draws.normal(size=(1, outputs)) * 0.1}
        if i < 5:
            moments = np.stack([draws.normal(size=outputs), draws.uniform(0.5, 2, outputs)], axis=1)
            params |= {f"{prefix}bn{i}m": draws.uniform(0.5, 1.5, (outputs, 1)), f"{prefix}bn{i}x": moments}
            params |= {f"{prefix}bn{i}b": draws.normal(size=(outputs, 1))}
    params |= {f"{adjust}f": np.full((1, 1), 1e-3), f"{adjust}b": np.full((1, 1), -0.5)}
    return {name: value.astype(np.float32) for name, value in params.items()}


def write_mat(path, params):
    entries = np.zeros((1, len(params)), dtype=[("name", object), ("value", object)])
    for i, (name, value) in enumerate(params.items()):
        entries[0, i] = (name, value)
    savemat(path, {"net": {"params": entries, "layers": np.zeros((1, 0))}}, do_compression=False)
    return path


def convert_mat(path, output, config="siamfc_alex_otb"):
    return main(["siamfc", str(path), "--config", config, "--output", str(output)])


def test_a_siamfc_release_file_converts_and_its_network_agrees(tmp_path):
    params = matlab_params()
    assert convert_mat(write_mat(tmp_path / "net.mat", params), tmp_path / "out") == 0
    loaded = checkpoint.load(tmp_path / "out", SIAMFC)
    assert loaded.card["largest_difference"] < 1e-5
    backbone = loaded.variables["params"]["backbone"]
    np.testing.assert_array_equal(backbone["conv2"]["kernel"], params["br_conv2f"])
    np.testing.assert_array_equal(loaded.variables["params"]["head"]["bias"], [-0.5])
    variance = loaded.variables["batch_stats"]["backbone"]["norm2"]["var"]
    np.testing.assert_allclose(np.asarray(variance) + 1e-5, params["br_bn2x"][:, 1] ** 2, rtol=1e-6)


def test_names_without_the_branch_prefix_are_the_same_network():
    plain, prefixed = (
        siamfc_mat_to_flax.to_flax(
            siamfc_mat_to_flax.plain_names(list(matlab_params(*names).items()), Path("x")), SIAMFC
        )
        for names in (("", "adjust_"), ("br1_", "fin_adjust_bn"))
    )
    assert checkpoint.weights_hash(plain) == checkpoint.weights_hash(prefixed)


def test_a_deviation_smaller_than_our_epsilon_still_divides_as_it_did():
    params = siamfc_mat_to_flax.plain_names(list(matlab_params().items()), Path("x"))
    params["bn1x"][:3, 1] = [1e-3, 3e-3, 1e-2]
    variables = siamfc_mat_to_flax.to_flax(params, SIAMFC)
    scale = variables["params"]["backbone"]["norm1"]["scale"]
    variance = variables["batch_stats"]["backbone"]["norm1"]["var"]
    factor = params["bn1m"].reshape(-1) / params["bn1x"][:, 1]
    np.testing.assert_allclose(scale / np.sqrt(variance + 1e-5), factor, rtol=1e-6)


@pytest.mark.parametrize(
    ("damage", "parts"),
    [
        (lambda p: p.pop("br_bn3m"), ["missing (1): bn3m [384]"]),
        (lambda p: p.update(br_conv6f=np.ones((1, 2))), ["extra (1): br_conv6f [1, 2]"]),
        (lambda p: p.update(br_conv5b=np.ones((1, 2))), ["misshapen (1): conv5b is [1, 2], wanted [256]"]),
        (lambda p: p.update(br_bn1x=np.zeros((96, 2))), ["not positive (1): bn1x"]),
        (lambda p: p.update(br_conv1b=np.full((1, 96), np.inf)), ["not finite (1): conv1b"]),
        (lambda p: p.update(conv1b=np.zeros((1, 96))), ["two different arrays for conv1b"]),
        (lambda p: p.update(br_conv1b="text"), ["br_conv1b is no array of floating numbers"]),
    ],
)
def test_a_mat_file_that_does_not_fit_lists_every_array_and_writes_nothing(damage, parts, tmp_path, capsys):
    params = matlab_params()
    damage(params)
    assert convert_mat(write_mat(tmp_path / "net.mat", params), tmp_path / "out") == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert all(part in error for part in parts), error
    assert not (tmp_path / "out").exists()


def test_other_mat_files_are_refused_with_the_cure(tmp_path, capsys):
    savemat(tmp_path / "other.mat", {"data": np.ones(3)})
    (tmp_path / "text.mat").write_text("no matrix")
    (tmp_path / "v73.mat").write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(512))
    cures = {
        "other": "holds no MatConvNet network",
        "text": "holds no MatConvNet",
        "v73": "-v7",
        "gone": "check the path",
    }
    for name, cure in cures.items():
        assert convert_mat(tmp_path / f"{name}.mat", tmp_path / "out") == 2
        assert cure in capsys.readouterr().err


def test_matlab_objects_are_refused(tmp_path, capsys):
    thing = MatlabObject(np.zeros((1, 1), dtype=[("params", object)]), "dagnn")
    savemat(tmp_path / "net.mat", {"net": thing})
    params = matlab_params() | {"br_conv1b": thing}
    write_mat(tmp_path / "value.mat", params)
    for name, part in (("net", "holds no MatConvNet network"), ("value", "br_conv1b is no array")):
        assert convert_mat(tmp_path / f"{name}.mat", tmp_path / "out") == 2
        assert part in capsys.readouterr().err


def test_a_siamfc_file_wants_a_siamfc_configuration(tmp_path, capsys):
    path = write_mat(tmp_path / "net.mat", matlab_params())
    assert convert_mat(path, tmp_path / "out", "siamrpn_alex_otb") == 2
    assert "--config siamfc_alex_otb" in capsys.readouterr().err
