"""Weights in one file, and weights by name from the hub."""

import json
import struct
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from flax.traverse_util import flatten_dict, unflatten_dict
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import save_file
from test_checkpoint import TINY, error_of
from test_checkpoint import variables as variables  # a fixture
from test_convert import GOLDEN, NETWORKS, write_config

import drol_jax
from drol_jax import checkpoint
from drol_jax.checkpoint import hub
from drol_jax.config import ModelConfig
from drol_jax.convert.cli import main


@pytest.fixture
def saved(tmp_path, variables):
    return checkpoint.save(tmp_path / "tiny.safetensors", variables, TINY, {"source": {"file": "tiny.pth"}})


def header_of(path):
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def rewrite(path, header, numbers):
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + numbers)


def test_a_file_gives_the_same_arrays_as_a_folder_bit_for_bit(saved, variables, tmp_path):
    folder = checkpoint.save(tmp_path / "tiny", variables, TINY)
    one, other = checkpoint.load(saved, TINY), checkpoint.load(folder, TINY)
    assert one.hash == other.hash == checkpoint.weights_hash(variables)
    wanted, found = flatten_dict(variables, sep="/"), flatten_dict(one.variables, sep="/")
    assert list(found) and found.keys() == wanted.keys()
    assert all(np.array_equal(np.asarray(found[name]).view(np.int32), wanted[name].view(np.int32)) for name in found)
    assert {key: one.card[key] for key in other.card if key != "files"} == {
        **{key: other.card[key] for key in other.card if key != "files"},
    }
    assert one.card["source"] == {"file": "tiny.pth"}


def test_transposed_arrays_are_read_back_as_they_were(variables, tmp_path):
    turned = {name: np.asfortranarray(array) for name, array in flatten_dict(variables, sep="/").items()}
    path = checkpoint.save(tmp_path / "turned.safetensors", unflatten_dict(turned, sep="/"), TINY, {"source": {}})
    for name, array in flatten_dict(checkpoint.load(path, TINY).variables, sep="/").items():
        np.testing.assert_array_equal(array, turned[name])


def test_the_same_weights_give_the_same_file(saved, variables, tmp_path):
    again = checkpoint.save(tmp_path / "again.safetensors", variables, TINY, {"source": {"file": "tiny.pth"}})
    assert again.read_bytes() == saved.read_bytes()


def test_other_programs_read_the_arrays_and_the_card(saved):
    with safe_open(saved, framework="np") as file:
        assert set(file.keys()) == set(checkpoint.variable_shapes(TINY))
        card = json.loads(file.metadata()["drol_jax"])
    assert card["model"]["backbone"] == "alexnetlegacy"
    assert card["image_channels"] == "RGB"


def test_one_command_writes_the_file_that_load_takes(tmp_path):
    config, output = write_config(tmp_path, NETWORKS["siamrpn"]), tmp_path / "weights" / "model.safetensors"
    arguments = [str(GOLDEN / "torch_siamrpn.pth"), "--config", str(config), "--output", str(output)]
    assert main(["pysot", *arguments]) == 0
    assert [path.name for path in output.parent.iterdir()] == ["model.safetensors"]
    tracker = drol_jax.load(config, weights=output)
    assert tracker.weights_hash == checkpoint.load(output, NETWORKS["siamrpn"]).hash


def test_an_existing_file_is_replaced_only_on_demand_and_only_ours(saved, variables, tmp_path):
    assert "--force" in error_of(checkpoint.save, saved, variables, TINY)
    checkpoint.save(saved, variables, TINY, overwrite=True)
    other = tmp_path / "other.safetensors"
    save_file({"a": np.ones(3, np.float32)}, other)
    assert "not overwritten" in error_of(checkpoint.save, other, variables, TINY, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.safetensors", "tiny.safetensors"]


def test_a_check_that_fails_leaves_nothing_and_the_old_file_as_it_was(saved, variables, tmp_path):
    def fail():
        raise drol_jax.UserError("another network")

    before = saved.read_bytes()
    for target in (saved, tmp_path / "new" / "deep" / "x.safetensors", tmp_path / "new" / "folder"):
        assert "another network" in error_of(checkpoint.save, target, variables, TINY, overwrite=True, verify=fail)
    assert saved.read_bytes() == before
    assert list(tmp_path.iterdir()) == [saved]


def test_weights_of_another_network_name_both(saved):
    message = error_of(checkpoint.load, saved, ModelConfig(backbone="alexnetlegacy", head="depthwise_rpn", width=0.05))
    assert "head_channels 8" in message
    assert "head_channels 256" in message


@pytest.mark.parametrize(
    ("damage", "part"),
    [
        (lambda header, numbers: (header, numbers[:-4]), "is damaged"),
        (lambda header, numbers: (header, b"\1" + numbers[1:]), "do not have the hash"),
        (lambda header, numbers: ({**header, "extra": {**next(iter(header.values()))}}, numbers), "is damaged"),
        (lambda header, numbers: ({**header, "__metadata__": {"drol_jax": "{"}}, numbers), "its card is unreadable"),
        (lambda header, numbers: ({**header, "__metadata__": {}}, numbers), "its header holds no card"),
    ],
)
def test_damage_is_noticed(damage, part, saved):
    header, numbers = header_of(saved)
    metadata = header.pop("__metadata__")
    rewrite(saved, *damage({"__metadata__": metadata, **header}, numbers))
    assert part in error_of(checkpoint.load, saved, TINY)


def test_missing_extra_and_misshapen_arrays_and_other_numbers_are_listed(saved, variables):
    with safe_open(saved, framework="np") as file:
        card = file.metadata()
    flat = flatten_dict(variables, sep="/")
    first, second, *_ = flat
    save_file({**flat, "params/more": np.ones(2, np.float32), first: flat[first][:1]}, saved, card)
    message = error_of(checkpoint.load, saved, TINY)
    assert "extra (1): params/more [2]" in message
    assert f"{first} is" in message
    save_file({**flat, second: flat[second].astype(np.float64)}, saved, card)
    assert f"{second} is F64" in error_of(checkpoint.load, saved, TINY)


@given(st.text(st.characters(exclude_characters="\n"), max_size=40))
def test_what_is_no_address_is_one_clear_line(text):
    if not hub.ADDRESS.fullmatch(hub.SCHEME + text):
        assert hub.FORM in error_of(hub.parse, hub.SCHEME + text)


@given(*[st.text("abc-_.09", min_size=1, max_size=9).filter(lambda s: s.strip(".")) for _ in range(4)])
def test_an_address_is_taken_apart_as_it_was_put_together(owner, name, revision, leaf):
    address = hub.parse(f"hf://{owner}/{name}@{revision}/folder/{leaf}")
    assert address == (f"{owner}/{name}", revision, f"folder/{leaf}")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("hf://me/drol", ("me/drol", None, "")),
        ("hf://me/drol/", ("me/drol", None, "")),
        ("hf://me/drol@v1.0/otb/model.safetensors", ("me/drol", "v1.0", "otb/model.safetensors")),
        ("hf://me/drol@refs%2Fpr%2F1", ("me/drol", "refs/pr/1", "")),
        ("hf://me/drol/siamrpn_r50", ("me/drol", None, "siamrpn_r50")),
    ],
)
def test_an_address_has_repository_revision_and_path(text, parts):
    assert hub.parse(text) == parts


class Hub:
    """Stands for huggingface_hub: repositories are folders."""

    def __init__(self, root):
        self.root, self.asked = root, []

    def hf_hub_download(self, repo_id, filename, *, revision=None):
        self.asked.append((repo_id, filename, revision))
        if not (self.root / repo_id / filename).is_file():
            raise FileNotFoundError(f"404 Client Error.\nEntry Not Found: {filename}")
        return str(self.root / repo_id / filename)

    def snapshot_download(self, repo_id, *, revision=None, allow_patterns):
        self.asked.append((repo_id, allow_patterns, revision))
        if not (self.root / repo_id).is_dir():
            raise ValueError("401 Client Error.\nRepository Not Found")
        return str(self.root / repo_id)


@pytest.fixture
def the_hub(tmp_path, variables, monkeypatch):
    for place in ("me/file/model.safetensors", "me/folder", "me/many/a/model.safetensors", "me/many/b"):
        checkpoint.save(tmp_path / "hub" / place, variables, TINY)
    (tmp_path / "hub" / "me" / "empty").mkdir()
    fake = Hub(tmp_path / "hub")
    monkeypatch.setitem(
        sys.modules,
        "huggingface_hub",
        SimpleNamespace(hf_hub_download=fake.hf_hub_download, snapshot_download=fake.snapshot_download),
    )
    return fake


@pytest.mark.parametrize(
    "address", ["me/file", "me/folder@v1", "me/many/a", "me/many@main/b", "me/many/a/model.safetensors", "me/file@x/"]
)
def test_weights_load_from_the_hub_by_name(address, the_hub, tmp_path, variables):
    tracker = drol_jax.load(write_config(tmp_path, TINY), weights=f"hf://{address}")
    assert tracker.weights_hash == checkpoint.weights_hash(variables)
    repo, _, revision = the_hub.asked[-1]
    assert repo in address
    assert revision == (address.partition("@")[2].partition("/")[0] or None)


@pytest.mark.parametrize(
    ("address", "part"),
    [
        ("me/gone", "401 Client Error.); check the name, the network"),
        ("me/file/other.safetensors", "404 Client Error.); check the name, the network"),
        ("me/empty", "neither card.json nor model.safetensors"),
        ("me/many", "neither card.json nor model.safetensors"),
        ("me", "write hf://owner/repository[@revision][/path]"),
    ],
)
def test_what_the_hub_does_not_have_is_one_clear_line(address, part, the_hub):
    assert part in error_of(checkpoint.resolve, f"hf://{address}")


def test_without_the_hub_s_client_the_cure_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert "pip install 'drol_jax[hub]'" in error_of(checkpoint.resolve, "hf://me/drol")
