"""NanoTrack's own configuration files are read as its trackers here are configured, less the online subnet."""

from dataclasses import replace

import pytest
import yaml

from drol_jax.errors import UserError
from drol_jax.settings import load_model, load_settings, without_online

PUBLISHED = {
    "nanotrack_v1": ("mobilenetv3_small", {"PENALTY_K": 0.148, "WINDOW_INFLUENCE": 0.462, "LR": 0.39}),
    "nanotrack_v2": ("mobilenetv3_small", {"PENALTY_K": 0.15, "WINDOW_INFLUENCE": 0.49, "LR": 0.385}),
    "nanotrack_v3": (
        "mobilenetv3_small_v3", {"PENALTY_K": 0.138, "WINDOW_INFLUENCE": 0.455, "LR": 0.348, "OUTPUT_SIZE": 15},
    ),
}  # fmt: skip


def write(folder, backbone, track, **more):
    tree = {
        "META_ARC": "nanotrack",
        "BACKBONE": {"TYPE": backbone, "KWARGS": {"used_layers": [4]}},
        "ADJUST": {"ADJUST": True, "TYPE": "AdjustLayer"},
        "BAN": {"BAN": True, "TYPE": "DepthwiseBAN", "KWARGS": {"in_channels": 64}},
        "POINT": {"STRIDE": 16},
        "TRACK": {"TYPE": "NanoTracker", "EXEMPLAR_SIZE": 127, "INSTANCE_SIZE": 255, "BASE_SIZE": 7, **track},
        "TRAIN": {"EPOCH": 50},
        **more,
    }
    (folder / "configv.yaml").write_text(yaml.safe_dump(tree))
    return folder / "configv.yaml"


@pytest.mark.parametrize(("name", "published"), PUBLISHED.items())
def test_a_published_file_is_the_baseline_of_the_bundled_configuration(name, published, tmp_path):
    path = write(tmp_path, *published)
    found, wanted = load_settings(path), without_online(load_settings(name))
    assert found.config.model == wanted.config.model == load_model(path)
    assert found.config.search == wanted.config.search
    assert not found.config.online.enabled
    numbers = ("penalty_k", "window_influence", "size_lr")
    assert [getattr(found.hyper, n) for n in numbers] == [getattr(wanted.hyper, n) for n in numbers]
    assert replace(found.config, online=wanted.config.online, confidence=wanted.config.confidence) == wanted.config


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"backbone": "mobileone"}, "BACKBONE.TYPE is 'mobileone'; supported: mobilenetv3_small"),
        ({"track": {"PENALTY_K": 0.2}}, "whether a head is of version 1 or 2.*nanotrack_v1 or nanotrack_v2"),
        ({"track": {"TYPE": "SiamBANTracker"}}, "TRACK.TYPE is 'SiamBANTracker'"),
        ({"track": {"PENALTY": 0.2}}, "unknown key TRACK.PENALTY; the nearest is 'PENALTY_K'"),
        ({"RPN": {}}, "unknown key RPN"),
    ],
)
def test_what_cannot_be_honoured_is_named(change, told, tmp_path):
    more = {"backbone": "mobilenetv3_small", "track": {}, **change}
    with pytest.raises(UserError, match=told):
        load_settings(write(tmp_path, more.pop("backbone"), more.pop("track"), **more))
