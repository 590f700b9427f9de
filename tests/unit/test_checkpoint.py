"""Weights on disk: whole or not there, checked both ways, never quietly the wrong ones."""

import json
import subprocess
import sys
from dataclasses import replace

import jax
import numpy as np
import orbax.checkpoint as ocp
import pytest
from flax.traverse_util import unflatten_dict

from drol_jax import checkpoint
from drol_jax.config import ModelConfig
from drol_jax.errors import UserError
from drol_jax.settings import available, load_settings

TINY = ModelConfig(backbone="alexnetlegacy", head="depthwise_rpn", width=0.05, head_channels=8)


@pytest.fixture(scope="module")
def variables():
    draws = np.random.default_rng(0)
    shapes = checkpoint.variable_shapes(TINY)
    return unflatten_dict({path: draws.normal(size=s).astype(np.float32) for path, s in shapes.items()}, sep="/")


@pytest.fixture
def saved(tmp_path, variables):
    return checkpoint.save(tmp_path / "tiny", variables, TINY, {"source": {"file": "tiny.pth"}})


def error_of(call, *arguments, **options):
    with pytest.raises(UserError) as caught:
        call(*arguments, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_saved_is_what_is_loaded_bit_for_bit(saved, variables):
    loaded = checkpoint.load(saved, TINY)
    assert jax.tree.structure(loaded.variables) == jax.tree.structure(variables)
    for got, wanted in zip(jax.tree.leaves(loaded.variables), jax.tree.leaves(variables), strict=True):
        assert isinstance(got, jax.Array)
        np.testing.assert_array_equal(np.asarray(got).view(np.int32), wanted.view(np.int32))
    assert loaded.hash == checkpoint.weights_hash(variables) == loaded.card["weights_sha256"]


def test_the_card_says_what_the_weights_are(saved, variables):
    card = json.loads((saved / "card.json").read_text())
    assert card["model"] == json.loads(json.dumps(TINY.__dict__))
    assert card["source"] == {"file": "tiny.pth"}
    assert card["image_channels"] == "RGB"
    assert card["parameters"] == sum(leaf.size for leaf in jax.tree.leaves(variables))
    assert card["drol_jax"]


def test_the_hash_depends_on_every_number_and_on_names(variables):
    other = jax.tree.map(np.copy, variables)
    other["batch_stats"]["backbone"]["norm3"]["mean"][0] += 1e-6
    assert checkpoint.weights_hash(other) != checkpoint.weights_hash(variables)
    swapped = {**variables, "params": {**variables["params"], "neck": variables["params"]["head"]}}
    del swapped["params"]["head"]
    assert checkpoint.weights_hash(swapped) != checkpoint.weights_hash(variables)


def test_a_saved_folder_names_no_path_of_the_machine(saved):
    assert not [path for path, content in files(saved).items() if str(saved.parent).encode() in content]


def test_an_existing_folder_is_replaced_only_on_demand(saved, variables):
    before = files(saved)
    assert "--force" in error_of(checkpoint.save, saved, variables, TINY)
    assert files(saved) == before
    doubled = jax.tree.map(lambda leaf: leaf * 2, variables)
    checkpoint.save(saved, doubled, TINY, overwrite=True)
    assert checkpoint.load(saved, TINY).hash == checkpoint.weights_hash(doubled)
    assert [path.name for path in saved.parent.iterdir()] == ["tiny"]


def test_overwriting_never_deletes_what_is_no_checkpoint(tmp_path, variables):
    (tmp_path / "thesis.tex").write_text("years of work")
    assert "not overwritten" in error_of(checkpoint.save, tmp_path, variables, TINY, overwrite=True)
    assert (tmp_path / "thesis.tex").exists()


def test_a_failed_save_leaves_nothing(tmp_path, variables, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ocp.Checkpointer, "save", fail)
    assert "No space left on device" in error_of(checkpoint.save, tmp_path / "tiny", variables, TINY)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_named(tmp_path, variables):
    (tmp_path / "file").write_text("")
    assert "cannot write" in error_of(checkpoint.save, tmp_path / "file" / "tiny", variables, TINY)


def test_variables_of_another_network_are_not_saved(tmp_path, variables):
    other = ModelConfig(backbone="alexnetlegacy", head="depthwise_rpn", width=0.05, head_channels=9)
    message = error_of(checkpoint.save, tmp_path / "tiny", variables, other)
    assert "params/head/cls/hidden_conv/kernel is [1, 1, 8, 8], wanted [1, 1, 9, 9]" in message
    half = jax.tree.map(lambda leaf: leaf.astype(np.float16), variables)
    assert "params/head/loc/output_conv/bias is float16" in error_of(checkpoint.save, tmp_path / "t", half, TINY)
    assert not list(tmp_path.iterdir())


def test_weights_of_another_configuration_name_both(saved):
    message = error_of(checkpoint.load, saved, ModelConfig(backbone="alexnetlegacy", head="depthwise_rpn", width=0.05))
    assert "head_channels 8" in message
    assert "head_channels 256" in message


def test_what_the_online_subnet_sees_needs_no_weights_of_its_own(saved, variables):
    loaded = checkpoint.load(saved, replace(TINY, online_layers=(2, 5)))
    assert loaded.hash == checkpoint.weights_hash(variables)


def test_missing_extra_and_misshapen_arrays_are_each_listed(saved, tmp_path):
    # A card that claims another network: what the folder holds decides.
    card = json.loads((saved / "card.json").read_text())
    card["model"] |= {"backbone": "alexnetlegacy2", "width": 1.0}
    (saved / "card.json").write_text(json.dumps(card))
    model = ModelConfig(backbone="alexnetlegacy2", head="depthwise_rpn", head_channels=8)
    message = error_of(checkpoint.load, saved, model)
    assert "extra (4): batch_stats/backbone/norm5/mean [12], " in message
    assert "params/backbone/conv2/kernel is [5, 5, 4, 12], wanted [5, 5, 48, 256]" in message
    upchannel = ModelConfig(backbone="alexnetlegacy", head="upchannel_rpn", width=0.05)
    card["model"] = {**TINY.__dict__, "head": "upchannel_rpn"}
    (saved / "card.json").write_text(json.dumps(card))
    message = error_of(checkpoint.load, saved, upchannel)
    assert "missing (10): params/head/loc_adjust/bias [20], " in message


def damage_card(folder):
    (folder / "card.json").write_text("{")


def damage_hash(folder):
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | {"weights_sha256": "0" * 64}))


def remove_data(folder):
    for path in (folder / "variables").rglob("d/*"):
        path.unlink()


def flip_bits(folder):
    largest = max((folder / "variables").rglob("d/*"), key=lambda path: path.stat().st_size)
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 0xFF
    largest.write_bytes(content)


def add_file(folder):
    (folder / "variables" / "notes.txt").write_text("mine")


def remove_variables(folder):
    for path in sorted((folder / "variables").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


@pytest.mark.parametrize("damage", [damage_card, damage_hash, remove_data, flip_bits, add_file, remove_variables])
def test_damage_is_noticed_and_the_cure_is_named(saved, damage):
    damage(saved)
    message = error_of(checkpoint.load, saved, TINY)
    assert f"{saved} is damaged" in message
    assert "convert or copy the weights again" in message


@pytest.mark.parametrize("error", [jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: out of memory"), MemoryError()])
def test_a_device_that_lacks_room_is_no_damage(saved, error, monkeypatch):
    def full(*_, **__):
        raise error

    monkeypatch.setattr(ocp.Checkpointer, "restore", full)
    with pytest.raises(type(error)):
        checkpoint.load(saved, TINY)


def test_a_checkpoint_of_a_later_drol_jax_says_so(saved):
    card = json.loads((saved / "card.json").read_text())
    (saved / "card.json").write_text(json.dumps(card | {"format": 2, "drol_jax": "9.9"}))
    assert "9.9; update drol_jax" in error_of(checkpoint.load, saved, TINY)


def test_weights_that_are_not_there_name_the_cure(variables, tmp_path):
    assert "siamrpn_alex_tiny" in error_of(checkpoint.resolve, "siamrpn_alex_tin")
    assert "drol-jax convert" in error_of(checkpoint.load, tmp_path / "gone", TINY)
    assert "no drol_jax checkpoint" in error_of(checkpoint.load, tmp_path, TINY)
    checkpoint.save(tmp_path / "weights", variables, TINY)
    assert f"a training run: name {tmp_path / 'weights'}" in error_of(checkpoint.load, tmp_path, TINY)
    (tmp_path / "model.pth").write_bytes(b"")
    assert "convert it first" in error_of(checkpoint.resolve, tmp_path / "model.pth")


def test_a_path_resolves_to_itself(saved):
    assert checkpoint.resolve(saved) == saved
    assert checkpoint.resolve(str(saved)) == saved


@pytest.mark.parametrize("name", [name for name in available() if load_settings(name).weights])
def test_the_weights_that_a_configuration_uses_by_default_are_bundled_and_fit(name):
    settings = load_settings(name)
    assert settings.weights in checkpoint.bundled()
    checkpoint.load(checkpoint.resolve(settings.weights), settings.config.model)


def test_loading_says_nothing_on_stderr(saved):
    code = f"""
from drol_jax import checkpoint
from drol_jax.config import ModelConfig
checkpoint.load({str(saved)!r}, ModelConfig(backbone="alexnetlegacy", head="depthwise_rpn", width=.05, head_channels=8))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == done.stdout == ""


def test_weights_in_one_file_are_loaded_without_orbax():
    code = """
import sys
from drol_jax import checkpoint
place = checkpoint.resolve("siamrpn_alex_tiny")
checkpoint.load(place, checkpoint.network(place))
print([name for name in sys.modules if name.startswith("orbax")])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", checkpoint.bundled())
def test_bundled_weights_are_small_and_say_how_they_were_trained(name):
    file = checkpoint.resolve(name)
    card = checkpoint.single.read_card(file)["training"]
    assert file.stat().st_size < 4e6
    assert card["command"].startswith("python -m drol_jax.train --config ")
    assert card["pairs"] == card["steps"] * card["settings"]["batch_size"]
    model_card = checkpoint.description(name).read_text()
    assert card["command"] in model_card
    for part in ("## Data", "## Training", "## Scores", "## Limits"):
        assert part in model_card
