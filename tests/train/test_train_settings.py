"""Training files: what loads, and what is refused and how clearly."""

import json

import pytest

from drol_jax.errors import UserError
from drol_jax.settings import load_settings
from drol_jax.settings.yaml_file import plain
from drol_jax.train.settings import available, from_dict, load_train_settings, seconds_of

MINIMAL = {"config": "siamrpn_alex_tiny", "steps": 10}


@pytest.mark.parametrize("name", available())
def test_bundled_files_name_a_configuration_and_survive_json(name):
    settings = load_train_settings(name)
    assert settings.name == name
    assert name.removeprefix(load_settings(settings.config).name) in ("", "_cpu", "_cpu_more")
    assert from_dict(json.loads(json.dumps(plain(settings)))) == settings


def test_there_is_one_for_each_small_network():
    stages = ["siamrpn_alex_tiny_cpu", "siamrpn_alex_tiny_cpu_more"]
    assert available() == ["drol_nano", "siamfc_alex_tiny", "siamrpn_alex_tiny", *stages, "siamrpn_mobilenet_tiny"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"optimizer": {}}, "unknown key optimizer; the nearest is 'optimiser'"),
        ({"optimiser": {"rat": 1.0}}, "unknown key optimiser.rat; the nearest is 'optimiser.rate'"),
        (
            {"sources": [{"procedural": {"negativs": 0.1}}]},
            "unknown key sources.0.procedural.negativs; the nearest is 'sources.0.procedural.negatives'",
        ),
        ({"batch_size": 0}, "batch_size is 0, wanted a positive number"),
        ({"batch_size": "many"}, "batch_size is 'many', wanted a valid integer"),
        ({"schedule": {"kind": "stairs"}}, "schedule.kind is 'stairs', wanted 'log', 'cosine' or 'constant'"),
        ({"schedule": {"warmup": 1.5}}, "schedule.warmup is 1.5, wanted 0 to 1"),
        ({"average": 1.0}, "average is 1, wanted less"),
        ({"loss": {"positive_overlap": 0.2}}, "loss.positive_overlap is under loss.negative_overlap"),
        ({"optimiser": {"rate": float("nan")}}, "optimiser.rate is not a finite number"),
        ({"budget": "1h"}, "steps or budget must be given, and not both"),
        ({"steps": None}, "steps or budget must be given, and not both"),
        ({"steps": None, "budget": "soon"}, "'soon' is no span of time"),
        ({"sources": []}, "sources hold none"),
        (
            {"sources": [{"sequences": {"dataset": "folder"}}]},
            "mine.yaml: sources.0.sequences.dataset: unknown dataset 'folder'; the nearest is 'folders'",
        ),
        ({"sources": [{}]}, "sources.0 must be one of procedural, crop511, sequences and photos"),
        ({"sources": [{"sequences": {"dataset": "Synth"}}]}, "render_seed 0 is the benchmark's own"),
        ({"sources": [{"sequences": {"dataset": "synth", "render_seed": 1000}}]}, "is among evaluation.seeds"),
        ({"sources": [{"sequences": {"dataset": "Synth@1000", "render_seed": 3}}]}, "is among evaluation.seeds"),
        ({"features": {"folder": "f", "pairs": 64}}, "schedule.release is 0.0, wanted 1 with features"),
        ({"evaluation": {"seeds": [0]}}, "seed 0 is the benchmark's own"),
        ({"optimiser": {"rates": {"backbone": -1.0}}}, "optimiser.rates.backbone is -1.0, wanted 0 or more"),
    ],
)
def test_mistakes_are_named_with_their_cure(changes, words):
    with pytest.raises(UserError) as caught:
        from_dict({**MINIMAL, **changes}, source="mine.yaml")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "- 1\n"])
def test_a_file_without_a_mapping_hears_what_a_training_file_holds(text, tmp_path):
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(UserError, match="a training file is a YAML mapping with at least config, and steps or budget"):
        load_train_settings(tmp_path / "mine.yaml")


def test_a_missing_configuration_is_named():
    with pytest.raises(UserError, match="key config is missing"):
        from_dict({"steps": 3})


@pytest.mark.parametrize(
    ("words", "seconds"), [("90s", 90), ("45m", 2700), ("2h", 7200), ("1h30m", 5400), ("1.5h", 5400)]
)
def test_spans_of_time(words, seconds):
    assert seconds_of(words) == seconds


@pytest.mark.parametrize("words", ["", "0h", "2", "h", "-1h", "1d"])
def test_what_is_no_span_of_time_is_refused(words):
    with pytest.raises(UserError, match="is no span of time"):
        seconds_of(words)


@pytest.mark.parametrize(
    "name", ["GOT-10k-train", "folders", "OTB100", "Synth@7", "otb2015", "Folders", "UAV123@10fps"]
)
def test_pairs_come_from_any_dataset(name):
    found = from_dict({**MINIMAL, "sources": [{"sequences": {"dataset": name, "root": "somewhere"}}]})
    assert found.sources[0].sequences.dataset == name


def test_a_mistake_is_told_with_the_line_of_its_key(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("config: x\nsteps: 5\nsources:\n  - share: -1\n    procedural: {}\nloss:\n  hard: 3\n")
    with pytest.raises(UserError, match=r"mine\.yaml, line 7: loss\.hard is 3.*; line 4: sources\.0\.share is -1"):
        load_train_settings(path)
    path.write_text("config: x\nsteps: 5\nloss:\n  hart: 3\n")
    with pytest.raises(UserError, match=r"mine\.yaml, line 4: unknown key loss\.hart"):
        load_train_settings(path)
