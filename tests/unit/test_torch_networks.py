"""Checkpoints as people have them: wrapped, prefixed, beside what training keeps, or files of another kind."""

import argparse
import collections
import datetime
import gzip
import io
import pathlib
import pickle
import tarfile
import zipfile

import numpy as np
import pytest
from checkpoints import Arrays, write_checkpoint

from drol_jax.convert.names.siamfc_pytorch import as_pysot, is_siamfc_pytorch
from drol_jax.convert.torch.files import read_state_dict
from drol_jax.convert.torch.networks import candidates
from drol_jax.convert.torch.pickle import Storage, Tensor
from drol_jax.errors import UserError

STATE = {"backbone.conv.weight": np.arange(6.0).reshape(2, 3), "backbone.conv.bias": np.ones(2)}


def named(prefix):
    return Arrays({prefix + name: array for name, array in STATE.items()})


def same(found):
    return list(found) == list(STATE) and all(np.array_equal(found[name], STATE[name]) for name in STATE)


BESIDE = {
    "epoch": 20,
    "args": argparse.Namespace(lr=0.1),
    "time": datetime.datetime(2024, 5, 1),
    "path": pathlib.PurePosixPath("a/b"),
    "losses": collections.defaultdict(list, {"cls": [0.1, 0.2]}),
    "order": collections.OrderedDict(a=1),
    "names": {"a", "b"},
    "best": np.float64(0.3),
    "draws": np.arange(3),
}


@pytest.mark.parametrize("key", ["model", "net", "model_state_dict", "state_dict", "ema", "weights"])
def test_a_wrapper_comes_off_whatever_lies_beside_it(key, tmp_path):
    assert same(read_state_dict(write_checkpoint(tmp_path / "a.pth", {**BESIDE, key: named("")})))
    assert same(read_state_dict(write_checkpoint(tmp_path / "b.pth", {"run": {key: named("module.")}, **BESIDE})))


@pytest.mark.parametrize("prefix", ["module.", "model.", "_orig_mod.", "net.", "module._orig_mod.", "model.module."])
def test_a_prefix_of_all_names_comes_off(prefix, tmp_path):
    assert same(read_state_dict(write_checkpoint(tmp_path / "a.pth", named(prefix))))


def test_a_compiled_part_and_counters_of_a_profiler_come_off(tmp_path):
    state = {"backbone._orig_mod.conv.weight": STATE["backbone.conv.weight"], "backbone.conv.bias": np.ones(2)}
    counters = {"total_ops": np.zeros(1), "backbone.conv.total_params": np.zeros(1)}
    assert same(read_state_dict(write_checkpoint(tmp_path / "a.pth", Arrays(state | counters))))


def test_of_several_networks_the_user_names_one(tmp_path):
    other = Arrays({name: array + 1 for name, array in STATE.items()})
    optimizer = {"state": Arrays({"exp.avg": np.ones(2)})}
    path = write_checkpoint(tmp_path / "a.pth", {"model": other, "ema": named(""), "optimizer": optimizer})
    with pytest.raises(UserError, match=r"several state dicts: model \(2 arrays\), ema \(2 arrays\); .*--part NAME"):
        read_state_dict(path)
    assert same(read_state_dict(path, "ema"))
    with pytest.raises(UserError, match="no state dict 'net'; it has: model"):
        read_state_dict(path, "net")


def test_two_names_that_become_one_are_refused(tmp_path):
    path = write_checkpoint(tmp_path / "a.pth", Arrays({**named(""), **named("module.")}))
    with pytest.raises(UserError, match="with and without a wrapper's name"):
        read_state_dict(path)


class Settings:
    """A program's own."""


def test_a_program_s_own_objects_are_never_built(tmp_path):
    mine = Settings()
    mine.network = "resnet"
    assert same(read_state_dict(write_checkpoint(tmp_path / "a.pth", {"settings": mine, "net": named("")})))
    with pytest.raises(UserError, match=r"holds a whole object \(test_torch_networks.Settings\)"):
        read_state_dict(write_checkpoint(tmp_path / "b.pth", mine))


def tape(name):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    return stream.getvalue()


def archive(*names):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name in names:
            file.writestr(name, b"")
    return stream.getvalue()


KINDS = {
    "empty": (b"", "empty"),
    "ONNX": (b"\x08\x07\x12\x07pytorch\x1a\x052.0.0:\x10\n\x0e\n\x01x", "an ONNX model"),
    "ONNX of another producer": (b"\x08\x0a\x12\x0atf2onnx\x1a", "an ONNX model"),
    "ONNX without a producer": (b"\x08\x0d:9\n\x0c\n\x01x\x12\x01y", "an ONNX model"),
    "ONNX with a remark": (b"\x08\x0d2\x01x:9\n\x0c\n\x01x\x12\x01y", "an ONNX model"),
    "refusal in words": (b"404: Not Found", r"text .'404: Not Found'., no checkpoint"),
    "zstd": (b"\x28\xb5\x2f\xfd" + bytes(99), "compressed with zstd"),
    "pickle of Python's own": (pickle.dumps({"backbone.weight": [1.0]}), "a pickle that torch.save has not written"),
    "web page": (b"\n<!DOCTYPE html><html><title>Google Drive - Quota exceeded</title>", r"a web page \(Google Drive"),
    "refusal": (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "an XML document"),
    "LFS pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4096\n", "a Git LFS pointer"),
    "YAML": (b"META_ARC: nanotrack\nBACKBONE:\n  TYPE: x\n", "text, by the look of it YAML.*--config"),
    "text": (b"weights will be uploaded soon\n" * 400, "text .'weights will be"),
    "JSON": (b'{"message": "Not Found"}', "JSON text"),
    "tar": (tape("model.pth"), r"a tar archive \(model.pth\)"),
    "gzip": (gzip.compress(b"x"), "compressed with gzip"),
    "zip": (archive("snapshot/model.pth"), r"a zip archive \(snapshot/model.pth\): unpack it"),
    "TorchScript": (archive("net/data.pkl", "net/constants.pkl", "net/code/a.py"), "a TorchScript program"),
    "npz": (archive("a.npy"), "an archive of NumPy arrays"),
    "safetensors": ((2).to_bytes(8, "little") + b"{}", "a safetensors file"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(99), "an HDF5 file"),
    "MATLAB": (b"MATLAB 5.0 MAT-file, Platform", "a MATLAB file: drol-jax convert siamfc"),
}


@pytest.mark.parametrize(("content", "told"), KINDS.values(), ids=KINDS)
def test_a_file_of_another_kind_is_named(content, told, tmp_path):
    (tmp_path / "a.pth").write_bytes(content)
    with pytest.raises(UserError, match=f"a.pth is {told}") as caught:
        read_state_dict(tmp_path / "a.pth")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("prefix", ["backbone.", "", "feature."])
def test_siamfc_pytorch_is_pysot_s_with_other_names_colours_and_variances(prefix):
    kernel, variance = np.arange(12, dtype=np.float32).reshape(1, 3, 2, 2), np.float32([2e-6, 0.5])
    state = {"conv1.0.weight": kernel, "conv1.1.running_var": variance, "conv5.0.bias": np.ones(2, np.float32)}
    state = {prefix + name: array for name, array in state.items()}
    assert is_siamfc_pytorch(state) and not is_siamfc_pytorch({"backbone.features.0.weight": kernel})
    found = as_pysot(state)
    assert set(found) == {
        "backbone.features.0.weight", "backbone.features.1.running_var", "backbone.features.14.bias",
        "backbone.corr_bias",
    }  # fmt: skip
    np.testing.assert_array_equal(found["backbone.features.0.weight"], kernel[:, ::-1])
    np.testing.assert_allclose(found["backbone.features.1.running_var"] + 1e-5, variance + 1e-6, rtol=1e-4)


@pytest.mark.parametrize(("name", "kind"), [
    ("_rebuild_qtensor", "quantised tensors"), ("_rebuild_sparse_tensor", "sparse tensors"),
    ("_rebuild_tensor_v3", "tensors of a type that NumPy has not, such as float8"),
])  # fmt: skip
def test_tensors_that_are_no_plain_arrays_are_named_and_not_distrusted(tmp_path, name, kind):
    with zipfile.ZipFile(tmp_path / "a.pth", "w") as archive:
        archive.writestr("archive/data.pkl", f"\x80\x02ctorch._utils\n{name}\n.".encode("latin-1"))
    with pytest.raises(UserError, match=f"a.pth holds {kind}, which are not read"):
        read_state_dict(tmp_path / "a.pth")


def test_parts_of_one_network_are_not_to_be_chosen_among(tmp_path):
    parts = {"backbone": named(""), "head": named("")}
    with pytest.raises(UserError, match="or where these are parts of one network, save"):
        read_state_dict(write_checkpoint(tmp_path / "a.pth", parts))


def test_a_state_dict_in_a_list_is_found():
    state = {"a.weight": Tensor(Storage("0", "f4", 0, 1, 1), 0, (1,), (1,))}
    assert candidates([state]) == {"0": state}
    assert candidates(({"epoch": 3}, state)) == {"1": state}
    assert candidates({"nets": [3, {"net": state}]}) == {"nets.1.net": state}


def test_what_holds_itself_a_thousand_times_is_looked_into_once():
    loop: list = []
    loop.extend([loop] * 1000)
    assert candidates({"a": loop, "b": [loop] * 1000}) == {}


@pytest.mark.parametrize("name", ["torch.nn.modules.conv.Conv2d", "__main__.Net"])
def test_a_whole_model_is_called_one(tmp_path, name):
    module, _, leaf = name.rpartition(".")
    with zipfile.ZipFile(tmp_path / "a.pth", "w") as archive:
        archive.writestr("archive/data.pkl", f"\x80\x02c{module}\n{leaf}\n.".encode("latin-1"))
    with pytest.raises(UserError, match=rf"a.pth holds a whole object \({name}\), which only its own code") as caught:
        read_state_dict(tmp_path / "a.pth")
    assert "distrust" not in str(caught.value)
