"""Foreign checkpoints: genuine files of both PyTorch formats are read exactly, hostile ones run nothing."""

import io
import os
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from drol_jax.convert.torch import files as torch_files
from drol_jax.errors import UserError

GOLDEN = Path(__file__).parents[1] / "golden"
NUMBERS = np.arange(24, dtype=np.float32).reshape(4, 6)
# What golden/README.md says of torch_forms_*.pth.
FORMS = {
    "whole": NUMBERS,
    "turned": NUMBERS.T,
    "window": NUMBERS[1:3, 2:5],
    "float16": np.arange(5, dtype=np.float16) / np.float16(4),
    "bfloat16": np.arange(5, dtype=np.float32) / np.float32(4),
    "float64": np.arange(3, dtype=np.float64) / 3,
    "int64": np.array(7),
    "int32": np.arange(4, dtype=np.int32),
    "uint8": np.arange(4, dtype=np.uint8),
    "bool": np.array([True, False]),
    "empty": np.zeros((0, 3), np.float32),
    "parameter": np.ones(2, np.float32),
}


class Armed:
    """Pickles into a call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


class Global:
    """Pickles into the bare name module.name."""

    def __init__(self, module, name):
        self.text = f"c{module}\n{name}\n".encode()


def as_zip(path, data, storages=(), compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("archive/data.pkl", data)
        for key, content in storages:
            archive.writestr(f"archive/data/{key}", content)
    return path


def as_legacy(path, data, storages=()):
    stream = io.BytesIO()
    pickle.dump(torch_files.LEGACY_MAGIC, stream, protocol=2)
    pickle.dump(torch_files.LEGACY_PROTOCOL, stream, protocol=2)
    pickle.dump({"protocol_version": 1001, "little_endian": True, "type_sizes": {}}, stream, protocol=2)
    stream.write(data)
    pickle.dump([key for key, _ in storages], stream, protocol=2)
    for _, content in storages:
        stream.write(struct.pack("<q", len(content) // 4) + content)
    path.write_bytes(stream.getvalue())
    return path


FORMATS = [as_zip, as_legacy]


def tensor_pickle(offset=0, size=(2,), stride=(1,), kind="FloatStorage", count=4, view=None):
    """{'w': tensor} as PyTorch would pickle it, of one storage "0"."""

    def number(n):
        return b"J" + struct.pack("<i", n)

    def numbers(items):
        return b"(" + b"".join(map(number, items)) + b"t"

    storage = b"(X\x07\0\0\0storagectorch\n" + kind.encode() + b"\nX\x01\0\0\x000X\x03\0\0\0cpu" + number(count)
    if view is not None:
        storage += b"(X\x01\0\0\0v" + b"".join(map(number, view)) + b"t"
    tensor = b"(" + storage + b"tQ" + number(offset) + numbers(size) + numbers(stride) + b"\x89}t"
    return b"\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n" + tensor + b"Rs."


FOUR = np.arange(4, dtype="<f4").tobytes()


def message_of(path):
    with pytest.raises(UserError) as caught:
        torch_files.read_state_dict(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


@pytest.mark.parametrize("file", ["torch_forms_zip.pth", "torch_forms_legacy.pth"])
def test_every_number_type_and_tensor_form_is_read_exactly(file):
    state = torch_files.read_state_dict(GOLDEN / file)
    assert list(state) == list(FORMS), "the wrapper and the prefix module. come off, the order stays"
    for name, wanted in FORMS.items():
        assert state[name].dtype == wanted.dtype
        np.testing.assert_array_equal(state[name], wanted)


@pytest.mark.parametrize("write", FORMATS)
def test_the_writers_of_these_tests_write_valid_files(write, tmp_path):
    path = write(tmp_path / "good.pth", tensor_pickle(offset=1, size=(3,)), [("0", FOUR)])
    np.testing.assert_array_equal(torch_files.read_state_dict(path)["w"], [1, 2, 3])


def test_a_view_into_an_older_storage_is_cut_out(tmp_path):
    path = as_legacy(tmp_path / "view.pth", tensor_pickle(view=(2, 2)), [("0", FOUR)])
    np.testing.assert_array_equal(torch_files.read_state_dict(path)["w"], [2, 3])


@pytest.mark.parametrize("write", FORMATS)
@pytest.mark.parametrize("protocol", [0, 1, 2, 4])
def test_a_file_crafted_to_run_code_is_refused_and_runs_nothing(write, protocol, tmp_path):
    marker = tmp_path / "marker"
    armed = pickle.dumps({"w": Armed(os.system, f"touch {marker}")}, protocol)
    pickle.loads(armed)
    assert marker.exists(), "the file is armed"
    marker.unlink()
    message = message_of(write(tmp_path / "bad.pth", armed))
    assert f"{os.name}.system" in message
    assert "refused" in message
    assert not marker.exists()


@pytest.mark.parametrize("write", FORMATS)
@pytest.mark.parametrize(
    "name", ["builtins.eval", "builtins.getattr", "os.system", "torch.load", "torch.storage._load_from_bytes"]
)
def test_only_the_names_of_tensors_are_known(write, name, tmp_path):
    module, _, leaf = name.rpartition(".")
    assert name in message_of(write(tmp_path / "bad.pth", Global(module, leaf).text + b"."))


@pytest.mark.parametrize("write", FORMATS)
def test_code_hidden_in_a_legacy_header_or_an_attribute_runs_nothing(write, tmp_path):
    marker = tmp_path / "marker"
    armed = pickle.dumps(Armed(os.system, f"touch {marker}"), 2)
    (tmp_path / "first.pth").write_bytes(armed)
    assert f"{os.name}.system" in message_of(tmp_path / "first.pth")
    # BUILD tries to replace the code of one of our own functions.
    build = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(N}X\x08\0\0\0__call__K\x01stb."
    assert "damaged or no PyTorch checkpoint" in message_of(write(tmp_path / "build.pth", build))
    assert not marker.exists()


def test_a_name_from_the_file_cannot_steer_the_terminal(tmp_path):
    name = b"\x1b[2J\nfine"
    data = b"\x80\x04\x8c\x02os\x8c" + bytes([len(name)]) + name + b"\x93."
    assert "os.\\x1b[2J\\nfine" in message_of(as_zip(tmp_path / "bad.pth", data))


def test_a_pickled_model_is_refused_with_the_cure(tmp_path):
    path = as_zip(tmp_path / "model.pth", Global("pysot.models.model_builder", "ModelBuilder").text + b")R.")
    message = message_of(path)
    assert "pysot.models.model_builder.ModelBuilder" in message
    assert "state_dict()" in message


@pytest.mark.parametrize("write", FORMATS)
@pytest.mark.parametrize("put", [b"r\xff\xff\xff\x7f", b"p2147483647\n"])
def test_a_memo_beyond_all_memory_is_refused_before_it_is_made(write, put, tmp_path):
    assert "memo" in message_of(write(tmp_path / "bad.pth", b"\x80\x02}" + put + b"."))


@pytest.mark.parametrize("write", FORMATS)
@pytest.mark.parametrize(
    "wrong",
    [
        {"size": (5,)},
        {"offset": 3},
        {"offset": -1},
        {"size": (2, 2), "stride": (4, 1)},
        {"stride": (-1,)},
        {"size": (-2,)},
        {"size": (2, 2)},
        {"size": (1000000, 1000000), "stride": (0, 0)},
        {"count": 400, "size": (300,)},
        {"count": -4},
        {"kind": "ComplexFloatStorage"},
        {"view": (3, 2)},
        {"view": (-1, 2)},
    ],
    ids=str,
)
def test_a_tensor_that_leaves_its_storage_is_refused(write, wrong, tmp_path):
    message_of(write(tmp_path / "bad.pth", tensor_pickle(**wrong), [("0", FOUR)]))


@pytest.mark.parametrize("file", ["torch_forms_zip.pth", "torch_forms_legacy.pth"])
def test_a_truncated_file_is_called_damaged(file, tmp_path):
    content = (GOLDEN / file).read_bytes()
    for length in (1, 100, len(content) // 2, len(content) - 20):
        path = tmp_path / "short.pth"
        path.write_bytes(content[:length])
        assert "damaged or no PyTorch checkpoint" in message_of(path)


def test_a_flipped_bit_in_a_zip_is_noticed(tmp_path):
    content = bytearray((GOLDEN / "torch_forms_zip.pth").read_bytes())
    place = content.find(NUMBERS.tobytes())
    content[place + 9] ^= 1
    (tmp_path / "bad.pth").write_bytes(content)
    assert "damaged" in message_of(tmp_path / "bad.pth")


def test_a_compressed_member_that_could_unpack_to_any_size_is_refused(tmp_path):
    path = as_zip(tmp_path / "bomb.pth", tensor_pickle(), [("0", bytes(10**6))], zipfile.ZIP_DEFLATED)
    assert "compressed" in message_of(path)


def test_a_structure_that_holds_itself_ends(tmp_path):
    loop = []
    loop.append(loop)
    assert "no state dict" in message_of(as_legacy(tmp_path / "loop.pth", pickle.dumps(loop, 2)))


@pytest.mark.parametrize(
    ("content", "part"),
    [({}, "no state dict"), ([1], "no state dict"), ({1: 2}, "no state dict"), ({"epoch": 3}, "epoch is int")],
)
def test_a_file_without_a_state_dict_says_so(content, part, tmp_path):
    assert part in message_of(as_zip(tmp_path / "odd.pth", pickle.dumps(content, 2)))


def test_a_file_that_is_not_there_is_named(tmp_path):
    assert "cannot be read" in message_of(tmp_path / "gone.pth")
