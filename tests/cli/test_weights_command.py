"""`drol-jax weights`: what is fetched or taken is whole, converted and found by name, or nothing is left."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
import recipe
from checkpoints import Arrays, write_checkpoint
from faulty_server import PROXIES, serving
from realdata import REALDATA
from test_convert import GOLDEN, NETWORKS, write_config

import drol_jax
from drol_jax import checkpoint
from drol_jax.convert.names import pysot as pysot_names
from drol_jax.errors import UserError
from drol_jax.settings import available, load_model
from drol_jax.weights import card, check, get, listing
from drol_jax.weights.arguments import CardArguments, CheckArguments, GetArguments, ListArguments
from drol_jax.weights.cli import main
from drol_jax.weights.recognise import recognise
from drol_jax.zoo import home
from drol_jax.zoo.registry import Entry, Registry, published

SOURCE = GOLDEN / "torch_siamrpn.pth"


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """The folder that weights are kept in, for this test alone."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(home.VARIABLE, str(tmp_path / "kept"))
    return tmp_path / "kept"


@pytest.fixture
def server():
    with serving(SOURCE.read_bytes()) as running:
        yield running


def registry_of(folder, *addresses, **more):
    """One entry, "small": the golden checkpoint."""
    config = str(write_config(folder, NETWORKS["siamrpn"]))
    content = SOURCE.read_bytes()
    entry = Entry(
        name="small",
        about="a small network",
        page="https://page.example",
        licence="MIT",
        configurations=(config,),
        converter="pysot",
        published={"OTB2015 AUC": 0.5},
        file="model.pth",
        addresses=addresses,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    return Registry({"small": replace(entry, **more)})


def asked(*what, **more):
    return GetArguments(what=what, timeout=1.0, **more)


def test_what_is_fetched_is_converted_kept_and_known_again(server, tmp_path, kept, capsys):
    registry = registry_of(tmp_path, f"{server.url}/nothing", f"{server.url}/cut")
    assert get.run(asked("small"), registry) == 0
    assert [path.name for path in kept.iterdir() if path.name != ".parts"] == ["small.safetensors"]
    assert list((kept / ".parts").iterdir()) == []
    loaded = checkpoint.load(home.kept("small", registry), NETWORKS["siamrpn"])
    assert loaded.card["source"]["sha256"] == registry.find("small").sha256
    told = capsys.readouterr().out
    assert f"kept as {home.place('small')};" in told and "saved" not in told, "by one name"
    assert get.run(asked("small"), registry) == 0
    assert "is here already" in capsys.readouterr().out
    assert check.run(CheckArguments(what=("small", str(SOURCE))), registry) == 0
    ours, theirs = capsys.readouterr().out.splitlines()
    assert "small.safetensors: small, weights of drol_jax, whole by their hash" in ours
    assert "small (a small network), whole by its hash; licence MIT" in theirs
    card.run(CardArguments(name="small"), registry)
    shown = capsys.readouterr().out
    assert "licence                 MIT" in shown and json.loads(shown[shown.index("{") :])["parameters"] > 0


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("nothing", "HTTP 404"),
        ("unlike", "other bytes than were published"),
        ("page", "35 bytes"),
        ("circle", "HTTP 302"),
    ],
)
def test_a_fault_keeps_nothing_and_is_one_line(how, told, server, tmp_path, kept):
    with pytest.raises(UserError, match=told) as error:
        get.run(asked("small"), registry_of(tmp_path, f"{server.url}/{how}"))
    assert "\n" not in str(error.value)
    assert [path for path in kept.rglob("*") if path.is_file()] == []


def test_a_mirror_is_asked_first_and_numbers_that_are_not_the_published_ones_are_not_kept(server, tmp_path, kept):
    registry = registry_of(tmp_path, f"{server.url}/nothing", weights_sha256="0" * 64)
    with pytest.raises(UserError, match="holds other numbers than the published small"):
        get.run(asked("small", mirror=f"{server.url}/whole/"), registry)
    assert [path for path, _ in server.seen] == ["/whole/model.pth"]
    assert [path for path in kept.rglob("*") if path.is_file()] == []


def test_where_a_browser_is_needed_it_says_where_to_click(kept, capsys):
    assert main(["get", "pysot_siamrpn_r50"]) == 2
    told = capsys.readouterr().err
    assert "open https://drive.google.com/open?id=" in told and "--name pysot_siamrpn_r50" in told
    assert told.count("\n") == 1


def test_a_file_is_known_by_its_arrays_where_its_hash_is_not(tmp_path, kept):
    state = recipe.state_dict(pysot_names.expected(load_model("nanotrack_v2")))
    file = write_checkpoint(tmp_path / "mine.pth", {"state_dict": Arrays(state)})
    found = recognise((file,), published())
    assert (found.converter, found.entry, found.configurations) == ("pysot", None, ("drol_nano", "nanotrack_v2"))
    assert [entry.name for entry in found.candidates(published())] == ["nanotrack_v2"]
    with pytest.raises(UserError, match=r"is not pysot_siamrpn_r50: published weights that it may be are nanotrack_v2"):
        get.run(asked(str(file), name="pysot_siamrpn_r50"))


def test_files_that_several_published_weights_fit_are_asked_about(tmp_path, kept):
    small = registry_of(tmp_path).find("small")
    names = ("nanotrack_v2", "another")
    entries = {n: replace(small, name=n, configurations=("nanotrack_v2",), sha256="f" * 64) for n in names}
    state = recipe.state_dict(pysot_names.expected(load_model("nanotrack_v2")))
    file = write_checkpoint(tmp_path / "mine.pth", Arrays(state))
    with pytest.raises(UserError, match=r"may be nanotrack_v2, another by its arrays.*say which with --name"):
        get.run(asked(str(file)), Registry(entries))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("page.pth", b"<html><title>Quota exceeded</title>", "a web page"),
        ("none.pth", b"", "is empty"),
        ("half.onnx", b"\x08\x07\x12\x07pytorch\x1a\x052.0.0:\x10", "give both, drol-jax weights get BACKBONE HEAD"),
        ("zeros.pth", bytes(100), "zeros.pth"),
    ],
)
def test_other_files_are_told_what_they_are(name, content, told, tmp_path, kept, capsys):
    (tmp_path / name).write_bytes(content)
    for command in ("get", "check"):
        assert main([command, str(tmp_path / name)]) == {"get": 2, "check": 1}[command]
        error = capsys.readouterr().err
        assert told in error and error.count("\n") == 1
    assert not kept.exists()


def test_a_misspelt_name_is_told_the_nearest(kept, capsys):
    assert main(["get", "nanotrack_v4"]) == 2
    assert "the nearest is 'nanotrack_v" in capsys.readouterr().err
    assert main(["card", "nanotrack"]) == 2


def test_the_list_names_every_weight_and_how_it_is_to_be_had(kept, capsys):
    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in (*checkpoint.bundled(), *published().entries))
    assert "by browser" in shown and str(kept) in shown
    assert listing.state(published().find("nanotrack_v1")) == "no"
    assert listing.run(ListArguments(), Registry({})) == 0


def test_every_entry_is_whole_and_names_bundled_configurations():
    for entry in published().entries.values():
        assert set(entry.configurations) <= set(available()), entry.name
        assert bool(entry.addresses) != bool(entry.browser), entry.name
        assert len({load_model(name) for name in entry.configurations}) >= 1
        assert all(len(one) == 64 for one in (entry.sha256, *entry.same, *entry.onnx) if one)
    assert published().of_configuration("siamrpn_r50_vot").name == "pysot_siamrpn_r50"
    assert published().of_configuration("pysot_siammask_r50").name == "pysot_siammask_r50"


def test_a_configuration_without_weights_says_how_to_fetch_them(kept):
    with pytest.raises(UserError, match="drol-jax weights get nanotrack_v3"):
        drol_jax.load("nanotrack_v3", cache=False)
    with pytest.raises(UserError, match="drol-jax weights get nanotrack_v3 fetches them"):
        drol_jax.load("nanotrack_v3", weights="nanotrack_v3", cache=False)


@pytest.mark.deep
@pytest.mark.skipif(not REALDATA.exists(), reason="the trained weights are not here")
def test_real_weights_are_taken_and_loaded_by_name(kept):
    assert main(["get", str(REALDATA / "weights" / "nanotrackv1.pth")]) == 0
    tracker = drol_jax.load("nanotrack_v1", cache=False)
    assert tracker.weights_hash == published().find("nanotrack_v1").weights_sha256
    pair = sorted((REALDATA / "weights/onnx/nanotrackv2").iterdir(), reverse=True)
    assert main(["get", *map(str, pair)]) == 0
    network = load_model("nanotrack_v2")
    assert np.isfinite(checkpoint.load(checkpoint.resolve("nanotrack_v2"), network).card["largest_difference"])
