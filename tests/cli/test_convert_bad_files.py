"""Every converter, and `load`: a file that is not what it should be is one line, exit code 2, and leaves nothing."""

import os
import pickle
import struct
import zipfile
import zlib

import numpy as np
import pytest
from test_convert import GOLDEN, NETWORKS, write_config
from test_convert_deep import written
from test_convert_siamfc import matlab_params, write_mat
from test_convert_siammask import SHARP
from test_torch_files import Armed, as_legacy, as_zip

import drol_jax
from drol_jax.convert import siamfc_mat_to_flax
from drol_jax.convert.cli import main


def text(folder):
    (folder / "bad").write_text("weights will be uploaded soon\n" * 20)


def nothing(folder):
    (folder / "bad").write_bytes(b"")


def a_web_page(folder):
    (folder / "bad").write_text("<!DOCTYPE html><title>Quota exceeded</title>")


def half(folder):
    content = (GOLDEN / "torch_siamrpn.pth").read_bytes()
    (folder / "bad").write_bytes(content[: len(content) // 2])


def half_zip(folder):
    content = (GOLDEN / "torch_upchannel.pth").read_bytes()
    (folder / "bad").write_bytes(content[: len(content) // 2])


def packed_zeros(folder):
    """Sixteen kilobytes that unpack to sixteen megabytes."""
    with zipfile.ZipFile(folder / "bad", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(2**24))


def a_zip_that_claims_more_than_it_has(folder):
    written(folder / "bad", {"a.weight": np.ones(4, np.float32)})
    content = bytearray((folder / "bad").read_bytes())
    place = content.rindex(b"PK\x01\x02", 0, content.rindex(b"archive/data/0"))
    content[place + 20 : place + 28] = struct.pack("<II", 0xFFFFFFF0, 0xFFFFFFF0)
    (folder / "bad").write_bytes(content)


def one_storage_many_times(folder):
    """Small, but its tensors would take a terabyte."""
    state = {f"{i}.weight": np.zeros(2**12, np.float32) for i in range(2)}
    written(folder / "small", state)
    with zipfile.ZipFile(folder / "small") as archive:
        first, second = archive.read("archive/data.pkl")[3:-2].split(b"X\x08\0\0\x001.weight")
    (folder / "small").unlink()
    entries = b"".join(b"X" + struct.pack("<I", len(n := b"%d.weight" % i)) + n + second for i in range(2000))
    storages = [("0", bytes(2**14)), ("1", bytes(2**14))]
    as_zip(folder / "bad", b"\x80\x02}(" + entries + b"u.", storages)
    assert first


def armed_zip(folder):
    as_zip(folder / "bad", pickle.dumps({"w": Armed(os.system, f"touch {folder}/ran")}, 2))


def armed_legacy(folder):
    as_legacy(folder / "bad", pickle.dumps({"w": Armed(os.system, f"touch {folder}/ran")}, 2))


def another_network(folder):
    written(folder / "bad", {"fc.weight": np.ones((3, 4), np.float32)})


def a_folder(folder):
    (folder / "bad").mkdir()


BAD_PYTORCH = [
    text,
    nothing,
    a_web_page,
    half,
    half_zip,
    packed_zeros,
    a_zip_that_claims_more_than_it_has,
    one_storage_many_times,
    armed_zip,
    armed_legacy,
    another_network,
    a_folder,
]


def refused(converter, folder, source, config, output, capsys):
    """Run; what it said. Nothing but the source may be there afterwards."""
    before = sorted(folder.rglob("*"))
    code = main([converter, str(source), "--config", str(config), "--output", str(folder / "new" / output)])
    captured = capsys.readouterr()
    assert code == 2
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("error: ")
    assert len(captured.err) < 100_000
    assert sorted(folder.rglob("*")) == before
    return captured.err


@pytest.mark.parametrize("output", ["out", "out.safetensors"])
@pytest.mark.parametrize("make", BAD_PYTORCH, ids=lambda make: make.__name__)
@pytest.mark.parametrize("name", ["pysot", "siammask"])
def test_a_bad_pytorch_file_is_one_line_and_leaves_nothing(name, make, output, tmp_path, capsys):
    make(tmp_path)
    config = write_config(tmp_path, NETWORKS["siamrpn"] if name == "pysot" else SHARP)
    assert str(tmp_path / "bad") in refused(name, tmp_path, tmp_path / "bad", config, output, capsys)


def packed_mat(folder):
    """A MATLAB file whose one variable unpacks to a gigabyte."""
    packer = zlib.compressobj()
    start = packer.compress(bytes(2**22)) + packer.flush(zlib.Z_FULL_FLUSH)
    more = packer.compress(bytes(2**22)) + packer.flush(zlib.Z_FULL_FLUSH)  # The same wherever it stands.
    packed = start + 255 * more + packer.flush()
    header = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    (folder / "bad").write_bytes(header + struct.pack("<II", 15, len(packed)) + packed)


def half_mat(folder):
    content = write_mat(folder / "whole", matlab_params()).read_bytes()
    (folder / "whole").unlink()
    (folder / "bad").write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize(
    "make", [text, nothing, half_mat, packed_mat, armed_zip, armed_legacy, a_folder], ids=lambda make: make.__name__
)
def test_a_bad_matlab_file_is_one_line_and_leaves_nothing(make, tmp_path, capsys):
    make(tmp_path)
    error = refused("siamfc", tmp_path, tmp_path / "bad", "siamfc_alex_otb", "out", capsys)
    assert str(tmp_path / "bad") in error


def test_a_packed_matlab_file_is_refused_before_it_fills_the_memory(tmp_path):
    packed_mat(tmp_path)
    with pytest.raises(drol_jax.UserError, match="unpacks to more than 256 MiB"):
        siamfc_mat_to_flax.read_params(tmp_path / "bad")


@pytest.mark.parametrize("make", BAD_PYTORCH, ids=lambda make: make.__name__)
@pytest.mark.parametrize("name", ["bad", "bad.safetensors"])
def test_a_bad_file_does_not_load_and_does_not_go_back_to_pysot(name, make, tmp_path, capsys):
    make(tmp_path)
    (tmp_path / "bad").rename(tmp_path / name)
    with pytest.raises(drol_jax.UserError) as caught:
        drol_jax.load("siamrpn_alex_tiny", weights=tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)
    assert "\n" not in str(caught.value)
    refused("to-pysot", tmp_path, tmp_path / name, "siamrpn_alex_tiny", "out.pth", capsys)
    assert not (tmp_path / "ran").exists()
