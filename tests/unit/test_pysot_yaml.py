"""What PySOT's and DROL's own configuration files mean, and what of them is refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from drol_jax.errors import UserError
from drol_jax.settings import load_model, load_settings

# DROL's experiments, key by key; comments and defaults left out.
RPN = """
META_ARC: siamrpn_alex_dwxcorr
BACKBONE: {{TYPE: alexnetlegacy, KWARGS: {{width_mult: 1.0}}}}
ADJUST: {{ADJUST: False}}
RPN: {{TYPE: DepthwiseRPN, KWARGS: {{anchor_num: 5, in_channels: 256, out_channels: 256}}}}
MASK: {{MASK: False}}
ANCHOR: {{STRIDE: 8, RATIOS: [0.33, 0.5, 1, 2, 3], SCALES: [8], ANCHOR_NUM: 5}}
TRACK: {{TYPE: SiamRPNTracker, PENALTY_K: 0.16, WINDOW_INFLUENCE: 0.3, LR: 0.30, EXEMPLAR_SIZE: 127,
  INSTANCE_SIZE: 287, BASE_SIZE: 0, CONTEXT_AMOUNT: 0.5, SHORT_TERM_DRIFT: {drift}, USE_CLASSIFIER: True,
  TEMPLATE_UPDATE: False, SEED: {seed}, COEE_CLASS: 0.8, USE_ATTENTION_LAYER: {attention}, CHANNEL_ATTENTION: True,
  SPATIAL_ATTENTION: pool}}
"""
FC = """
META_ARC: siamfc_alex_upxcorr
BACKBONE: {{TYPE: alexnetlegacy2}}
ADJUST: {{ADJUST: False}}
RPN: {{RPN: False}}
MASK: {{MASK: False}}
TRACK: {{TYPE: SiamFCTracker, TOTAL_STRIDE: 8, SCALE_NUM: 3, SCALE_STEP: 1.0375, PENALTY_K: 0.9745,
  WINDOW_INFLUENCE: 0.15, LR: 0.59, EXEMPLAR_SIZE: 127, INSTANCE_SIZE: 255, BASE_SIZE: 0, CONTEXT_AMOUNT: 0.5,
  TEMPLATE_UPDATE: {update}, TAU_REGRESSION: 0.6, TAU_CLASSIFICATION: 0.1, USE_CLASSIFIER: True, SEED: 12345,
  COEE_CLASS: {fusion}, USE_ATTENTION_LAYER: {attention}, CHANNEL_ATTENTION: True, SPATIAL_ATTENTION: pool}}
"""
DEEP = """
META_ARC: siamrpn_r50_l234_dwxcorr
BACKBONE: {{TYPE: resnet50, KWARGS: {{used_layers: [2, 3, 4]}}}}
ADJUST: {{ADJUST: True, TYPE: AdjustAllLayer, LAYER: 0, FUSE: avg,
  KWARGS: {{in_channels: [512, 1024, 2048], out_channels: [256, 256, 256]}}}}
RPN: {{TYPE: MultiRPN, KWARGS: {{anchor_num: 5, in_channels: [256, 256, 256], weighted: {weighted}}}}}
MASK: {{MASK: False}}
ANCHOR: {{STRIDE: 8, RATIOS: [0.33, 0.5, 1, 2, 3], SCALES: [8], ANCHOR_NUM: 5}}
TRACK: {{TYPE: SiamRPNTracker, PENALTY_K: {penalty}, WINDOW_INFLUENCE: {window}, LR: {lr}, EXEMPLAR_SIZE: 127,
  INSTANCE_SIZE: 255, BASE_SIZE: 8, CONTEXT_AMOUNT: 0.5, SHORT_TERM_DRIFT: {drift}, USE_CLASSIFIER: True,
  TEMPLATE_UPDATE: {attention}, SEED: {seed}, COEE_CLASS: 0.8, USE_ATTENTION_LAYER: {attention},
  CHANNEL_ATTENTION: True, SPATIAL_ATTENTION: pool}}
"""
MOBILE = """
META_ARC: siamrpn_mobilev2_l234_dwxcorr
BACKBONE: {TYPE: mobilenetv2, KWARGS: {used_layers: [3, 5, 7], width_mult: 1.4}}
ADJUST: {ADJUST: true, TYPE: AdjustAllLayer, KWARGS: {in_channels: [44, 134, 448], out_channels: [256, 256, 256]}}
RPN: {TYPE: MultiRPN, KWARGS: {anchor_num: 5, in_channels: [256, 256, 256], weighted: False}}
MASK: {MASK: False}
ANCHOR: {STRIDE: 8, RATIOS: [0.33, 0.5, 1, 2, 3], SCALES: [8], ANCHOR_NUM: 5}
TRACK: {TYPE: SiamRPNTracker, PENALTY_K: 0.04, WINDOW_INFLUENCE: 0.4, LR: 0.5, EXEMPLAR_SIZE: 127, INSTANCE_SIZE: 255,
  BASE_SIZE: 8, CONTEXT_AMOUNT: 0.5}
"""
LONG_TERM = """
META_ARC: siamrpn_r50_l234_dwxcorr_votlt
BACKBONE: {TYPE: resnet50, KWARGS: {used_layers: [2, 3, 4]}}
ADJUST: {ADJUST: True, TYPE: AdjustAllLayer, LAYER: 1,
  KWARGS: {in_channels: [512, 1024, 2048], out_channels: [128, 256, 512]}}
RPN: {TYPE: MultiRPN, KWARGS: {anchor_num: 5, in_channels: [128, 256, 512], weighted: True}}
MASK: {MASK: False}
ANCHOR: {STRIDE: 8, RATIOS: [0.33, 0.5, 1, 2, 3], SCALES: [8], ANCHOR_NUM: 5}
TRACK: {TYPE: SiamRPNLTTracker, PENALTY_K: 0.05, WINDOW_INFLUENCE: 0.26, LR: 0.22, EXEMPLAR_SIZE: 127,
  INSTANCE_SIZE: 255, BASE_SIZE: 8, CONTEXT_AMOUNT: 0.5, USE_CLASSIFIER: True, TEMPLATE_UPDATE: True, SEED: 123,
  COEE_CLASS: 0.8, USE_ATTENTION_LAYER: False, CHANNEL_ATTENTION: True, SPATIAL_ATTENTION: pool,
  TARGET_NOT_FOUND_THRESHOLD: 0.2}
"""
SIAMMASK = """
META_ARC: siammask_r50_l3_dwxcorr
BACKBONE: {TYPE: resnet50, KWARGS: {used_layers: [0, 1, 2, 3]}}
ADJUST: {ADJUST: true, TYPE: AdjustAllLayer, LAYER: 3, KWARGS: {in_channels: [1024], out_channels: [256]}}
RPN: {TYPE: DepthwiseRPN, KWARGS: {anchor_num: 5, in_channels: 256, out_channels: 256}}
MASK: {MASK: True, TYPE: MaskCorr, KWARGS: {in_channels: 256, hidden: 256, out_channels: 3969}}
REFINE: {REFINE: True, TYPE: Refine}
ANCHOR: {STRIDE: 8, RATIOS: [0.33, 0.5, 1, 2, 3], SCALES: [8], ANCHOR_NUM: 5}
TRACK: {TYPE: SiamMaskTracker, PENALTY_K: 0.10, WINDOW_INFLUENCE: 0.37, LR: 0.32, EXEMPLAR_SIZE: 127,
  INSTANCE_SIZE: 255, BASE_SIZE: 8, CONTEXT_AMOUNT: 0.5, MASK_THERSHOLD: 0.15, USE_CLASSIFIER: True,
  TEMPLATE_UPDATE: False, SEED: 12345, COEE_CLASS: 0.8, USE_ATTENTION_LAYER: True, CHANNEL_ATTENTION: True,
  SPATIAL_ATTENTION: pool}
"""
USUAL = {"penalty": 0.05, "lr": 0.38, "drift": False, "weighted": True}
EXPERIMENTS = {
    "siamfc_alex_otb": FC.format(update=True, fusion=0.8, attention=True),
    "siamfc_alex_vot": FC.format(update=False, fusion=0.6, attention=False),
    "siamrpn_alex_otb": RPN.format(drift=True, seed=123456, attention=True),
    "siamrpn_alex_vot": RPN.format(drift=False, seed=12, attention=False),
    "siamrpn_r50": DEEP.format(**USUAL, window=0.25, seed=12345, attention=True),
    "siamrpn_r50_vot": DEEP.format(**USUAL, window=0.35, seed=123, attention=False),
    "siamrpn_r50_otb": DEEP.format(
        penalty=0.24, lr=0.25, drift=True, weighted=False, window=0.25, seed=123456, attention=True
    ),
    "siamrpn_r50_votlt": LONG_TERM,
    "siammask_r50": SIAMMASK,
}
# PySOT's model zoo: what differs from DROL's file of the same network, which has the online subnet's keys besides.
ZOO = {
    "pysot_siamrpn_alex": ("siamrpn_alex_vot", {"WINDOW_INFLUENCE": 0.40}),
    "pysot_siamrpn_alex_otb": ("siamrpn_alex_vot", {"WINDOW_INFLUENCE": 0.40}),
    "pysot_siamrpn_r50": ("siamrpn_r50", {"WINDOW_INFLUENCE": 0.42}),
    "pysot_siamrpn_r50_otb": ("siamrpn_r50_otb", {"WINDOW_INFLUENCE": 0.5}),
    "pysot_siammask_r50": ("siammask_r50", {"WINDOW_INFLUENCE": 0.41}),
    "pysot_siamrpn_r50_lt": ("siamrpn_r50_votlt", {"WINDOW_INFLUENCE": 0.28, "CONFIDENCE_LOW": 0.8}),
}
ONLINE_KEYS = {
    *("USE_CLASSIFIER", "TEMPLATE_UPDATE", "SEED", "COEE_CLASS", "USE_ATTENTION_LAYER", "CHANNEL_ATTENTION"),
    *("SPATIAL_ATTENTION", "SHORT_TERM_DRIFT", "TARGET_NOT_FOUND_THRESHOLD"),
}


def write(folder, content, name="mine.yaml"):
    path = folder / name
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_drols_own_file_gives_the_same_tracker(name, tmp_path):
    ours, theirs = load_settings(name), load_settings(write(tmp_path, EXPERIMENTS[name]))
    assert theirs == replace(ours, name="mine", published={})


@pytest.mark.parametrize("name", ["siamfc_alex_upxcorr_otb", "siamrpn_alex_dwxcorr_otb"])
def test_every_setting_that_the_reference_ran_with_loads_and_agrees(name, tmp_path):
    reference = json.loads((Path(__file__).parents[1] / "golden" / "reference_settings.json").read_text())[name]
    ours = load_settings(name.replace("_upxcorr", "").replace("_dwxcorr", ""))
    backbone = "alexnetlegacy2" if "siamfc" in name else "alexnetlegacy"
    tree = {
        "META_ARC": reference["meta_arc"],
        "BACKBONE": {"TYPE": backbone},
        "ADJUST": {"ADJUST": False},
        "RPN": {"RPN": "siamrpn" in name, "TYPE": "DepthwiseRPN"},
        "TRACK": reference["track"],
    }
    theirs = load_settings(write(tmp_path, tree))
    assert (theirs.config, theirs.hyper, theirs.seed) == (ours.config, ours.hyper, ours.seed)


def test_pysots_mobilenet_file_gives_ours_without_the_subnet(tmp_path):
    ours, theirs = load_settings("siamrpn_mobilev2"), load_settings(write(tmp_path, MOBILE))
    assert (theirs.config.model, theirs.config.search, theirs.hyper) == (
        ours.config.model,
        ours.config.search,
        ours.hyper,
    )
    assert not theirs.config.online.enabled


@pytest.mark.parametrize("name", ZOO)
def test_a_file_of_pysots_model_zoo_gives_our_baseline_of_that_name(name, tmp_path):
    base, changes = ZOO[name]
    tree = yaml.safe_load(EXPERIMENTS[base])
    tree["TRACK"] = {key: value for key, value in tree["TRACK"].items() if key not in ONLINE_KEYS} | changes
    # It never names a feature of the subnet that it does not have.
    tree["ADJUST"] = {key: value for key, value in tree["ADJUST"].items() if key != "LAYER"}
    ours, theirs = load_settings(name), load_settings(write(tmp_path, tree))
    assert not theirs.config.online.enabled
    assert (theirs.config, theirs.hyper) == (ours.config, ours.hyper)


def test_keys_that_only_pysots_long_term_file_has_mean_nothing(tmp_path):
    text = LONG_TERM.replace("{used_layers: [2, 3, 4]}", "{used_layers: [2, 3, 4]}, CHANNELS: [512, 1024, 2048]")
    assert text != LONG_TERM
    theirs = load_settings(write(tmp_path, text.replace("RPN: {TYPE", "RPN: {WEIGHTED: True, TYPE")))
    assert theirs.config == load_settings("siamrpn_r50_votlt").config


@pytest.mark.parametrize(
    ("name", "tracker", "fitting"),
    [
        ("siamrpn_r50", "SiamMaskTracker", "SiamRPNTracker or SiamRPNLTTracker"),
        ("siammask_r50", "SiamRPNTracker", "SiamMaskTracker"),
        ("siamfc_alex_otb", "SiamRPNLTTracker", "SiamFCTracker"),
    ],
)
def test_a_tracker_that_does_not_fit_the_network_is_refused(name, tracker, fitting, tmp_path):
    tree = yaml.safe_load(EXPERIMENTS[name])
    tree["TRACK"]["TYPE"] = tracker
    with pytest.raises(UserError, match=rf"TRACK\.TYPE is '{tracker}'.* supported: {fitting} with"):
        load_settings(write(tmp_path, tree))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_network_alone_is_that_of_the_whole_file(name, tmp_path):
    path = write(tmp_path, EXPERIMENTS[name])
    assert load_model(path) == load_model(name) == load_settings(path).config.model


@pytest.mark.parametrize(
    ("layer", "fuse", "feature", "level"),
    [(0, "avg", "mean", 0), (0, "wavg", "weighted", 0), (0, "con", "concat", 0), (2, "avg", "level", 1)],
)
def test_the_online_subnets_feature_is_read_from_layer_and_fuse(layer, fuse, feature, level, tmp_path):
    text = EXPERIMENTS["siamrpn_r50"].replace("LAYER: 0, FUSE: avg", f"LAYER: {layer}, FUSE: {fuse}")
    model = load_model(write(tmp_path, text))
    assert (model.online_feature, model.online_level) == (feature, level)


@pytest.mark.parametrize(
    ("text", "old", "new", "parts"),
    [
        ("siamrpn_r50", "used_layers: [2, 3, 4]", "used_layers: [2, 3]", ["ADJUST.KWARGS.in_channels", "[512, 1024]"]),
        ("siamrpn_r50", "used_layers: [2, 3, 4]", "used_layers: [5]", ["BACKBONE.KWARGS.used_layers", "0 to 4"]),
        ("siamrpn_r50", "ADJUST: True", "ADJUST: False", ["ADJUST.ADJUST", "False", "True"]),
        ("siamrpn_r50", "FUSE: avg", "FUSE: max", ["ADJUST.FUSE", "'max'", "avg, wavg or con"]),
        ("siamrpn_r50", "LAYER: 0", "LAYER: 4", ["ADJUST.LAYER is 3", "0 to 2"]),
        ("siamrpn_r50", "TYPE: MultiRPN", "TYPE: DepthwiseRPN", ["RPN.TYPE", "MultiRPN with several levels"]),
        ("siamrpn_r50", "in_channels: [256", "in_channels: [128", ["RPN.KWARGS.in_channels", "[256, 256, 256]"]),
        ("siamrpn_r50", "weighted: True", "weighted: 3", ["RPN.KWARGS.weighted", "3", "boolean"]),
        (SIAMMASK, "used_layers: [0, 1, 2, 3]", "used_layers: [3]", ["used_layers", "[0, 1, 2, 3]", "MASK.MASK"]),
        (SIAMMASK, "REFINE: True", "REFINE: False", ["REFINE.REFINE", "False", "True"]),
        (SIAMMASK, "hidden: 256", "hidden: 128", ["MASK.KWARGS.hidden", "128", "256"]),
    ],
)
def test_what_a_deep_network_asks_and_cannot_have_is_named(text, old, new, parts, tmp_path):
    text = EXPERIMENTS.get(text, text)
    assert old in text
    with pytest.raises(UserError) as caught:
        load_model(write(tmp_path, text.replace(old, new, 1)))
    assert all(part in str(caught.value) for part in parts), str(caught.value)


def test_a_file_of_pysot_proper_has_no_online_subnet(tmp_path):
    text = EXPERIMENTS["siamrpn_alex_otb"].split("SHORT_TERM_DRIFT")[0].rstrip(", \n") + "}\n"
    folder = tmp_path / "siamrpn_alex_dwxcorr"
    folder.mkdir()
    settings = load_settings(write(folder, text + "TRAIN: {EPOCH: 50}\nDATASET: {NAMES: [VID]}\n", "config.yaml"))
    assert settings.name == "siamrpn_alex_dwxcorr"
    assert not settings.config.online.enabled
    assert settings.config.search.instance_size == 287


def test_the_classifiers_lists_are_read_as_yacs_reads_them(tmp_path):
    text = EXPERIMENTS["siamrpn_alex_otb"].replace("SEED:", "AUGMENTATION_ROTATE: False, KERNEL_SIZE: '(5,5)', SEED:")
    online = load_settings(write(tmp_path, text)).config.online
    assert online.rotations == ()
    assert online.kernel_size == 5


@pytest.mark.parametrize(
    ("channel", "spatial", "attention"),
    [(True, "pool", "dual"), (True, "none", "channel"), (False, "pool", "spatial"), (False, "none", "none")],
)
def test_attention_options_map_onto_one_setting(channel, spatial, attention, tmp_path):
    tree = yaml.safe_load(EXPERIMENTS["siamrpn_alex_otb"])
    tree["TRACK"] |= {"CHANNEL_ATTENTION": channel, "SPATIAL_ATTENTION": spatial}
    assert load_settings(write(tmp_path, tree)).config.online.attention == attention


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("TYPE: alexnetlegacy,", "TYPE: vgg16,", ["BACKBONE.TYPE", "'vgg16'", "alexnetlegacy2", "resnet50"]),
        ("ADJUST: False", "ADJUST: True", ["ADJUST.ADJUST", "True", "False"]),
        ("MASK: False", "MASK: True", ["MASK.MASK", "True", "False"]),
        ("TYPE: DepthwiseRPN", "TYPE: MultiRPN", ["RPN.TYPE", "'MultiRPN'", "UPChannelRPN"]),
        ("in_channels: 256", "in_channels: 64", ["RPN.KWARGS.in_channels", "64", "256"]),
        ("ANCHOR_NUM: 5", "ANCHOR_NUM: 3", ["ANCHOR.ANCHOR_NUM", "3", "5"]),
        ("SPATIAL_ATTENTION: pool", "SPATIAL_ATTENTION: conv", ["TRACK.SPATIAL_ATTENTION", "'conv'", "none or pool"]),
        ("SEED:", "OPTIMIZER: NewtonCG, SEED:", ["TRACK.OPTIMIZER", "'NewtonCG'", "GaussNewtonCG"]),
        ("SEED:", "PROJECTION_ACTIVATION: relu, SEED:", ["TRACK.PROJECTION_ACTIVATION", "'relu'", "'none'"]),
        ("SEED:", "RESPONSE_ACTIVATION: \"('mlu', 0.1)\", SEED:", ["TRACK.RESPONSE_ACTIVATION", "0.1", "0.05"]),
        ("SEED:", "ADVANCED_LOCALIZATION: False, SEED:", ["TRACK.ADVANCED_LOCALIZATION", "False", "True"]),
        ("TYPE: SiamRPNTracker", "TYPE: SiamFCTracker", ["TRACK.TYPE", "'SiamFCTracker'", "SiamRPNTracker"]),
        ("SEED:", "PENALTYK: 1, SEED:", ["unknown key TRACK.PENALTYK", "TRACK.PENALTY_K"]),
        ("width_mult", "width", ["unknown key BACKBONE.KWARGS.width", "BACKBONE.KWARGS.width_mult"]),
        ("MASK: {", "MASKS: {", ["unknown key MASKS", "the nearest is 'MASK'"]),
        ("LR: 0.30", "LR: fast", ["TRACK.LR", "'fast'", "number"]),
        ("LR: 0.30", "LR: 1.5", ["TRACK.LR", "1.5", "at most 1"]),
        ("BASE_SIZE: 0", "BASE_SIZE: 8", ["TRACK.BASE_SIZE", "8", "0"]),
    ],
)
def test_what_a_pysot_file_asks_and_cannot_have_is_named(old, new, parts, tmp_path):
    text = EXPERIMENTS["siamrpn_alex_otb"]
    assert old in text
    path = write(tmp_path, text.replace(old, new, 1))
    with pytest.raises(UserError) as caught:
        load_settings(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    assert all(part in message for part in parts), message
