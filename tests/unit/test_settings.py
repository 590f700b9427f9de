"""Configurations: what loads, and what is refused and how clearly."""

import json
from dataclasses import fields

import pytest
import yaml

from drol_jax.config import Config, Hyper, ModelConfig, OnlineConfig, SearchConfig
from drol_jax.errors import UserError
from drol_jax.settings import available, from_dict, load_settings, to_dict, without_online

PUBLISHED = [
    *("siamfc_alex_otb", "siamfc_alex_vot", "siamrpn_alex_otb", "siamrpn_alex_vot"),
    *("siamrpn_r50", "siamrpn_r50_otb", "siamrpn_r50_vot", "siamrpn_r50_votlt", "siammask_r50"),
]
ZOO = [
    *("pysot_siamrpn_alex", "pysot_siamrpn_alex_otb", "pysot_siamrpn_r50", "pysot_siamrpn_r50_otb"),
    *("pysot_siamrpn_mobilev2", "pysot_siammask_r50", "pysot_siamrpn_r50_lt"),
]
NANOTRACK = ["nanotrack_v1", "nanotrack_v2", "nanotrack_v3"]
OWN = ["drol_nano", "siamrpn_alex_tiny", "siamfc_alex_tiny"]
MINIMAL = {
    "model": {"backbone": "alexnetlegacy", "head": "depthwise_rpn"},
    "hyper": {"penalty_k": 0.1, "window_influence": 0.4, "size_lr": 0.3},
}


def write(folder, text, name="mine.yaml"):
    path = folder / name
    path.write_text(text if isinstance(text, str) else yaml.safe_dump(text), encoding="utf-8")
    return path


def changed(key, value):
    """MINIMAL with one setting added or replaced, by dotted key."""
    tree = json.loads(json.dumps(MINIMAL))
    *sections, leaf = key.split(".")
    inner = tree
    for section in sections:
        inner = inner.setdefault(section, {})
    inner[leaf] = value
    return tree


def complaint(folder, content):
    path = write(folder, content)
    with pytest.raises(UserError) as caught:
        load_settings(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_the_published_configurations_and_our_own_are_available():
    assert available() == sorted([*PUBLISHED, *ZOO, *NANOTRACK, *OWN, "siamrpn_mobilev2", "siamrpn_mobilenet_tiny"])


@pytest.mark.parametrize("name", available())
def test_a_configuration_survives_the_way_through_json_and_yaml(name, tmp_path):
    settings = load_settings(name)
    plain = json.loads(json.dumps(to_dict(settings)))
    assert load_settings(write(tmp_path, plain)) == settings
    assert from_dict(plain) == settings


@pytest.mark.parametrize("name", available())
def test_every_header_names_its_command_and_scores(name):
    from drol_jax.system.resources import data_path

    header = [line for line in (data_path("configs") / f"{name}.yaml").read_text().splitlines() if line[0] == "#"]
    assert any(line.startswith("#   python -m drol_jax.eval ") and f"--config {name}" in line for line in header)
    assert any(line.startswith("# published") for line in header)
    assert any(line.startswith("# measured") for line in header)


def test_published_scores_are_those_of_the_papers_tables_1_to_3():
    scores = {name: dict(load_settings(name).published) for name in PUBLISHED}
    assert scores == {
        "siamfc_alex_otb": {"OTB100": {"auc": 0.619, "precision": 0.848}},
        "siamfc_alex_vot": {"VOT2018": {"eao": 0.256, "accuracy": 0.502}},
        "siamrpn_alex_otb": {"OTB100": {"auc": 0.689, "precision": 0.914}},
        "siamrpn_alex_vot": {"VOT2018": {"eao": 0.376, "accuracy": 0.583}},
        "siamrpn_r50": {"UAV123": {"auc": 0.652, "precision": 0.855}},
        "siamrpn_r50_otb": {"OTB100": {"auc": 0.715, "precision": 0.937}},
        "siamrpn_r50_vot": {"VOT2018": {"eao": 0.481, "accuracy": 0.616}},
        "siamrpn_r50_votlt": {"VOT2018-LT": {"precision": 0.687, "recall": 0.650}},
        "siammask_r50": {"VOT2018": {"eao": 0.434, "accuracy": 0.614}},
    }


def test_hyper_parameters_are_plain_numbers():
    hyper = load_settings("siamrpn_alex_otb").hyper
    kinds = {f.name: type(getattr(hyper, f.name)) for f in fields(Hyper)}
    assert {name for name, kind in kinds.items() if kind is int} == {"refit_interval", "template_interval"}
    assert set(kinds.values()) == {int, float}


def test_the_baseline_is_the_tracker_without_subnet_and_short_term_template():
    baseline = without_online(load_settings("siamfc_alex_otb"))
    assert not baseline.config.online.enabled
    assert not baseline.config.template.update
    assert from_dict(to_dict(baseline)) == baseline


@pytest.mark.parametrize(
    ("key", "value", "parts"),
    [
        ("search.instance_sise", 255, ["unknown key search.instance_sise", "search.instance_size"]),
        ("serch", {}, ["unknown key serch", "search"]),
        ("model.penalty_k", 1, ["unknown key model.penalty_k", "hyper.penalty_k"]),
        ("hyper.windw_influence", 1, ["unknown key hyper.windw_influence", "hyper.window_influence"]),
        ("online", [], ["online is []", "mapping"]),
        ("search.instance_size", "big", ["search.instance_size is 'big'", "integer"]),
        ("search.instance_size", 255.5, ["search.instance_size is 255.5", "integer"]),
        ("search.exemplar_size", True, ["search.exemplar_size is True", "integer"]),
        ("model.backbone", "vgg16", ["model.backbone is 'vgg16'", "alexnetlegacy2", "resnet50"]),
        ("model.backbone", "resnet50", ["model.layers is []", "rising", "2, 3, 4"]),
        ("model.layers", [2], ["model.layers is [2]", "alexnetlegacy has one output"]),
        ("model.mask", True, ["model.mask is True", "alexnetlegacy has one output"]),
        ("model.weighted", True, ["model.weighted is True", "multi_rpn"]),
        ("model.online_level", 1, ["model.online_level is 1", "0 to 0"]),
        ("model.online_feature", "weighted", ["model.online_feature is 'weighted'", "no weights"]),
        ("model.online_layers", [1, 5], ["model.online_layers is [1, 5]", "2, 3, 4, 5"]),
        ("model.online_layers", [5, 3], ["model.online_layers is [5, 3]", "rising"]),
        ("online.attention", "both", ["online.attention is 'both'", "dual"]),
        ("online.blurs", [[1, 2, 3]], ["online.blurs"]),
        ("hyper.penalty_k", None, ["hyper.penalty_k is None", "number"]),
        ("hyper.penalty_k", float("nan"), ["hyper.penalty_k", "finite"]),
        ("hyper.refit_interval", 2.5, ["hyper.refit_interval is 2.5", "integer"]),
        ("fidelity", "loose", ["fidelity is 'loose'", "published"]),
        ("seed", -1, ["seed is -1", "0 or more"]),
        ("model.width", 0.0, ["model.width is 0.0", "more than 0"]),
        ("model.head_channels", 0, ["model.head_channels is 0", "more than 0"]),
        ("model.anchor_ratios", [], ["model.anchor_ratios is []", "1 or more"]),
        ("search.stride", 4, ["search.stride is 4", "8"]),
        ("search.exemplar_size", 50, ["search.exemplar_size is 50", "at least 103"]),
        ("search.instance_size", 100, ["search.instance_size is 100", "at least exemplar_size 127"]),
        ("search.base_size", 8, ["search.base_size is 8", "0"]),
        ("online.kernel_size", 0, ["online.kernel_size is 0", "more than 0"]),
        ("online.memory_size", 30, ["online.memory_size is 30", "more than the first frame's 30"]),
        ("online.dropout_rate", 1.0, ["online.dropout_rate is 1.0", "less than 1"]),
        ("hyper.window_influence", 1.2, ["hyper.window_influence is 1.2", "at most 1"]),
        ("hyper.learning_rate", 1.0, ["hyper.learning_rate is 1.0", "less than 1"]),
        ("hyper.template_interval", 0, ["hyper.template_interval is 0", "more than 0"]),
        ("hyper.confidence_low", 0.999, ["hyper.confidence_low is 0.999", "at most confidence_high 0.998"]),
        ("long_term", {"enabled": True, "lost_instance_size": 255}, ["lost_instance_size is 255", "more than"]),
        ("long_term.lost_size", 831, ["unknown key long_term.lost_size", "long_term.lost_instance_size"]),
    ],
)
def test_a_mistake_is_one_line_that_names_key_value_and_cure(key, value, parts, tmp_path):
    message = complaint(tmp_path, changed(key, value))
    assert all(part in message for part in parts), message


@pytest.mark.parametrize(
    ("section", "changes", "parts"),
    [
        ("model", {"layers": [4, 3, 2]}, ["model.layers is [4, 3, 2]", "rising"]),
        ("model", {"layers": [1, 2, 3]}, ["model.layers is [1, 2, 3]", "[2, 3, 4]"]),
        ("model", {"adjust_channels": [256]}, ["model.adjust_channels is [256]", "each of layers"]),
        ("model", {"adjust_channels": [1, 2, 3]}, ["model.online_feature is 'mean'", "differ"]),
        ("model", {"head": "depthwise_rpn"}, ["model.head is 'depthwise_rpn'", "multi_rpn"]),
        ("model", {"width": 0.5}, ["model.width is 0.5", "resnet50 has one width"]),
        ("model", {"online_layers": [4]}, ["model.online_layers is [4]", "alexnetlegacy2 or mobilenetv2"]),
        ("model", {"mask": True}, ["model.mask is True", "depthwise_rpn"]),
        ("search", {"exemplar_size": 87}, ["search.exemplar_size is 87", "95 to 166"]),
        ("search", {"instance_size": 159}, ["search.instance_size is 159", "at least 167"]),
        ("search", {"base_size": 0}, ["search.base_size is 0", "8 for these sizes"]),
    ],
)
def test_a_network_whose_parts_do_not_fit_is_refused(section, changes, parts, tmp_path):
    tree = to_dict(load_settings("siamrpn_r50_otb"))
    tree[section] |= changes
    message = complaint(tmp_path, tree)
    assert all(part in message for part in parts), message


def test_a_lost_search_size_that_the_maps_do_not_fit_is_refused(tmp_path):
    tree = changed("search", {"exemplar_size": 130, "base_size": 1})
    assert load_settings(write(tmp_path, tree)).config.search.score_size == 17
    tree["long_term"] = {"enabled": True, "lost_instance_size": 834}
    assert "long_term.lost_instance_size is 834, wanted of the form 8 n + 7" in complaint(tmp_path, tree)


@pytest.mark.parametrize("name", ["siamfc_alex_otb", "nanotrack_v1", "siammask_r50"])
def test_the_long_term_tracker_is_one_of_anchors_without_a_mask(name, tmp_path):
    tree = to_dict(load_settings(name))
    tree["long_term"]["enabled"] = True
    assert "long_term.enabled is True, wanted false" in complaint(tmp_path, tree)


def test_the_long_term_tracker_has_one_template(tmp_path):
    tree = to_dict(load_settings("siamrpn_r50_votlt"))
    tree["template"]["update"] = True
    assert "template.update is True, wanted false with long_term.enabled" in complaint(tmp_path, tree)


def test_a_missing_key_is_named(tmp_path):
    assert "model.head is missing" in complaint(tmp_path, changed("model", {"backbone": "alexnet"}))
    assert "hyper is missing" in complaint(tmp_path, {"model": MINIMAL["model"]})


def test_template_update_needs_the_subnet(tmp_path):
    tree = changed("template.update", True) | {"online": {"enabled": False}}
    assert "template.update is True" in complaint(tmp_path, tree)


def test_a_width_that_the_backbone_would_ignore_is_refused(tmp_path):
    tree = changed("model", {"backbone": "alexnetlegacy2", "head": "siamfc", "width": 0.5})
    assert "model.width is 0.5, wanted 1" in complaint(tmp_path, tree)


def test_all_mistakes_of_a_file_come_in_one_line(tmp_path):
    message = complaint(tmp_path, changed("search", {"instance_size": 1.5, "stride": "x"}))
    assert "search.instance_size" in message
    assert "search.stride" in message


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("model: {a: 1, a: 2}\n", "'a' is given twice"),
        ("model: [\n", "not valid YAML"),
        ("model: !!python/object/apply:os.system ['true']\n", "not valid YAML"),
        ("- 1\n", "no settings"),
        ("", "no settings"),
        ("1: 2\n", "key 1 is not text"),
        ("name: 2020-01-01\n", "date"),
    ],
)
def test_a_file_that_is_not_a_configuration_says_so(text, part, tmp_path):
    assert part in complaint(tmp_path, text)


def test_numbers_may_be_written_as_python_prints_them(tmp_path):
    text = yaml.safe_dump(MINIMAL).replace("penalty_k: 0.1", "penalty_k: 1e-4")
    assert load_settings(write(tmp_path, text)).hyper.penalty_k == 1e-4


def test_an_unknown_name_tells_the_nearest_and_that_a_path_works():
    with pytest.raises(UserError, match=r"'siamrpn_alex_otp'; the nearest is 'siamrpn_alex_otb' .*path to a YAML"):
        load_settings("siamrpn_alex_otp")


def test_a_path_that_leads_nowhere_is_named(tmp_path):
    with pytest.raises(UserError, match=r"no configuration file .*gone\.yaml"):
        load_settings(tmp_path / "gone.yaml")
    with pytest.raises(UserError, match="is a folder"):
        load_settings(tmp_path)


def test_every_section_of_a_configuration_is_in_the_yaml_layout():
    plain = to_dict(load_settings("siamrpn_alex_otb"))
    for section, kind in (("model", ModelConfig), ("search", SearchConfig), ("online", OnlineConfig), ("hyper", Hyper)):
        assert list(plain[section]) == [f.name for f in fields(kind)]
    # Parts are functions, which no file holds.
    assert {f.name for f in fields(Config)} - {"parts"} <= set(plain)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("model:\n  backbone: alexnet\n  head: no\nhyper: {}", r"f\.yaml, line 3: model.head is False, wanted"),
        ("model:\n  width: .nan", r"f\.yaml, line 2: model.width is not a finite number"),
        ("model:\n  width: 2020-01-01", r"f\.yaml, line 2: model.width is a date; use numbers, text"),
        ("model:\n  backbone: alexnet\n\nhyper:\n  size_lr: 1", "line 4: key hyper.penalty_k is missing"),
        ("# PySOT's\nBACKBONE:\n  TYPE: [alexnet]", r"f\.yaml, line 3: BACKBONE.TYPE is \['alexnet'\]"),
        ("TRACK:\n\n  LRR: 1", r"f\.yaml, line 3: unknown key TRACK.LRR; the nearest is 'TRACK.LR'"),
        ("BAN:\n  BAN: true\nPOINT: 3", r"f\.yaml, line 3: POINT is 3, wanted a mapping"),
        ("hyper: 1\nonline:\n  blurs:\n    - [1, 2]\n    - [1, x]", r"line 5: online.blurs\[1\]\[1\] is 'x'"),
    ],
)
def test_a_mistake_is_told_with_the_line_of_its_key(text, told, tmp_path):
    (tmp_path / "f.yaml").write_text(text)
    with pytest.raises(UserError, match=told):
        load_settings(tmp_path / "f.yaml")
