"""Ours beside the published code: one program drives both in turns; the published side is played by a stand-in."""

import json
from dataclasses import replace

import fakes_pysot
import pytest

from drol_jax.bench.pysot_config import pysot_tree
from drol_jax.errors import UserError
from drol_jax.settings import available, from_dict, load_settings

pytest_plugins = ["bench_runs"]
PYSOT = [  # PySOT has neither points nor online layers
    name
    for name in available()
    if not ((model := load_settings(name).config.model).head.startswith("points") or model.online_layers)
]


@pytest.mark.parametrize("name", PYSOT)
def test_a_configuration_in_pysots_spelling_reads_back_as_it_was(name):
    ours = load_settings(name)
    theirs = from_dict(json.loads(json.dumps(pysot_tree(ours))), default_name=name)
    # They say nothing of these there.
    online = replace(ours.config.online, samples="float32")
    published = replace(ours.config, fidelity="published", confidence=None, online=online)
    assert (theirs.config, theirs.hyper, theirs.seed) == (published, ours.hyper, ours.seed)


def test_a_network_that_pysot_has_not_is_misuse():
    with pytest.raises(UserError, match="PySOT and DROL have no mobilenetv3"):
        pysot_tree(load_settings("nanotrack_v1"))
    settings = load_settings("siamrpn_alex_tiny")
    model = replace(settings.config.model, online_layers=(2, 5))
    with pytest.raises(UserError, match="know no online_layers"):
        pysot_tree(replace(settings, config=replace(settings.config, model=model)))


@pytest.fixture
def peer(tmp_path):
    """The options that name a checkout and who runs it."""
    checkout, python = fakes_pysot.checkout(tmp_path / "drol"), fakes_pysot.python(tmp_path)
    return ("--against", checkout, "--against-python", python)


@pytest.mark.deep
def test_both_sides_run_in_turns_and_their_ratio_is_told(bench, small_config, peer, tmp_path):
    how = ("--frames", "4", "--repeat", "2", "--threads", "1")
    code, out, _ = bench("--config", small_config, *peer, *how, "--json", tmp_path / "a.json")
    assert code == 0
    assert "subnet and template update on" in out
    row = json.loads((tmp_path / "a.json").read_text())["against"][0]
    assert (row["torch"], row["threads"], row["weights"]) == ("0.fake", 1, "recipe")
    assert list(row["variants"]) == ["off", "online", "template"]
    for variant, found in row["variants"].items():
        assert [len(found[side]) for side in ("ours", "theirs")] == [2, 2]
        assert all(run["init_s"] > 0 and run["track_s"] > 0 for run in (*found["ours"], *found["theirs"]))
        # The stand-in's second frame is a hard negative where it has the subnet.
        assert found["theirs"][0]["refits"] == (0 if variant == "off" else 1)
    assert row["variants"]["off"]["largest_box_difference"] >= 0


def test_a_checkout_that_fails_is_named(bench, plain_config, tmp_path):
    broken = fakes_pysot.TRACKER.replace("self.frames += 1", "raise ValueError('no such operator')")
    checkout, python = fakes_pysot.checkout(tmp_path / "drol", broken), fakes_pysot.python(tmp_path)
    code, out, _ = bench("--config", plain_config, "--against", checkout, "--against-python", python, "--quick")
    assert code == 1
    assert "ValueError: no such operator" in out


def test_an_interpreter_without_pytorch_is_misuse(bench, tmp_path):
    checkout, python = fakes_pysot.checkout(tmp_path / "drol"), fakes_pysot.python(tmp_path)
    (tmp_path / "site/torch.py").write_text("raise ImportError('no torch')")
    code, out, err = bench("--against", checkout, "--against-python", python)
    assert (code, out) == (2, "")
    assert "runs PyTorch, which" in err and "--against-python" in err
