"""From fixed head outputs to what a search finds: the recorded cases of the deep trackers, masks and long-term search.

The network and the subnet are stand-ins that answer with recorded numbers, so that no network is compiled.
"""

import json
from dataclasses import dataclass, replace
from functools import cache

import jax.numpy as jnp
import numpy as np
import pytest
import recipe
import recorded
from looks import no_look

from drol_jax.config import Config, Hyper, OnlineConfig
from drol_jax.image.boxes import box_from_target
from drol_jax.image.crops import as_frame
from drol_jax.image.masks import full_frame, rotated_box
from drol_jax.model import hyper_arrays
from drol_jax.nets import Response, Search
from drol_jax.online.localize import Judgement, Verdict
from drol_jax.online.subnet import Localisation
from drol_jax.tracker import one_region, outcome
from drol_jax.tracker.candidates import clip
from drol_jax.tracker.families.anchors import anchors
from drol_jax.tracker.places import hann_window
from drol_jax.tracker.search import search
from drol_jax.tracker.state import ShortTerm, TrackerState
from drol_jax.tracker.step import decide_whether_lost

MASK, LONG_TERM = "siammask_r50_l3", "siamrpn_r50_l234_dwxcorr_votlt"
NAMES = (
    MASK,
    LONG_TERM,
    "siamrpn_mobilev2_l234_dwxcorr",
    "siamrpn_r50_l234_dwxcorr",
    "siamrpn_r50_l234_dwxcorr_otb",
)
FILES = {name: recorded.load(f"{name}.decode") for name in NAMES}
CASES = {(name, c["name"]): c for name, file in FILES.items() for c in json.loads(str(file["info_json"]))["cases"]}
PEAKS = [(140.3, 118.7, 0.8, 20), (60, 200, 0.5, 15)]
MASK_PEAKS = [(60, 66, 9, 35), (60, 40, 5, 15)]
PICTURE = recipe.test_image()


class FixedNetwork:
    """Answers with the recipe's head outputs; its templates are 0 and 1."""

    def search(self, region):
        return Search(jnp.zeros((1, 4, 4, 8)), region.shape[1])

    def match(self, template, seen):
        cells = (seen.head - 127) // 8 + 1 + 8
        return Response(*recipe.head_outputs(f"decode/{cells}{'/st' if template else ''}", 5, cells))

    def refine(self, template, seen, position):
        assert template == 0
        return jnp.asarray(recipe.bump_map(127, MASK_PEAKS, -4))[None]


@dataclass(frozen=True)
class FixedModel:
    config: Config
    hyper: Hyper
    network = FixedNetwork()


@cache
def found(name, case):
    """(config, hyper, state, what the search found) of a recorded case."""
    case = CASES[name, case]
    config = recorded.variant(name, online=case["mode"] != "off", template_update=case["mode"] == "tu")
    over = {key.lower(): value for key, value in case["over"].items()}
    drift = over.pop("short_term_drift", False)
    config = replace(config, online=replace(config.online, short_term_drift=drift))
    hyper = hyper_arrays(replace(recorded.settings(name).hyper, **over))
    state = TrackerState(
        frame_index=jnp.int32(2),
        centre=jnp.array(case["center"], jnp.float32),
        size=jnp.array(case["size"], jnp.float32),
        fill=jnp.zeros(3, jnp.uint8),
        template=0,
        appearance=no_look(8),
        lost_count=jnp.int32(case["lost"]),
        online=object() if config.online.enabled else None,
        short_term=ShortTerm(template=1, candidate=None, candidate_score=None) if case["mode"] == "tu" else None,
        lost=jnp.bool_(case.get("lt", False)) if config.long_term.enabled else None,
    )

    def localise(model, state, feature, region, map_size=None):
        verdict = Verdict.NOT_FOUND if case["flag"] else Verdict.FOUND
        score_map = jnp.asarray(recipe.bump_map(255, PEAKS, -0.02))
        assert (map_size or model.config.search.instance_size) == 255
        judgement = Judgement(verdict=jnp.int32(verdict), peak=score_map.max(), position=jnp.zeros(2, jnp.int32))
        return Localisation(feature=feature, score_map=score_map, judgement=judgement, region=region)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outcome.subnet, "localise", localise)
        # The branch is taken outside of jit, where nothing is an array of lanes.
        patch.setattr(
            one_region, "lazy_cond", lambda fn: lambda where, carried, rest: fn(carried, rest) if where else carried
        )
        return config, hyper, state, search(FixedModel(config, hyper), state, as_frame(jnp.asarray(PICTURE)))


@pytest.mark.parametrize(("name", "case"), CASES)
def test_the_box_of_the_search_is_the_recorded_one(name, case):
    file = FILES[name]
    what = found(name, case)[-1]
    assert int(what.candidate.index) == file[f"{case}_best_idx{'_st' if what.template else ''}"]
    assert int(what.template) == file[f"{case}_branch"]
    target = jnp.concatenate([what.candidate.centre, what.candidate.size])
    np.testing.assert_allclose(target, file[f"{case}_center_size_after"], rtol=1e-5)
    box = box_from_target(*clip(target[:2], target[2:], jnp.array(PICTURE.shape[:2])))
    np.testing.assert_allclose(box, file[f"{case}_bbox"], rtol=1e-5, atol=1e-4)
    assert float(what.candidate.score) == pytest.approx(file[f"{case}_best_score"], rel=1e-5)


@pytest.mark.parametrize("case", [case for name, case in CASES if name == LONG_TERM])
def test_the_target_is_lost_and_found_again_as_recorded(case):
    _, hyper, state, what = found(LONG_TERM, case)
    after = decide_whether_lost(hyper, state, what)
    assert bool(after.lost) == FILES[LONG_TERM][f"{case}_longterm_after"]


def test_the_long_term_cases_hold_a_box_that_is_not_followed():
    for case in ("on_lowconf", "lt_on_lowconf"):
        _, _, state, what = found(LONG_TERM, case)
        np.testing.assert_array_equal(what.candidate.centre, state.centre)
        np.testing.assert_array_equal(what.candidate.size, state.size)


def test_anchors_and_window_of_the_enlarged_region_are_the_recorded_ones():
    config, file = recorded.settings(LONG_TERM).config, FILES[LONG_TERM]
    geometry = replace(config.search, instance_size=config.long_term.lost_instance_size)
    assert geometry.score_size == 97
    np.testing.assert_array_equal(
        recorded.strided(anchors(config.model, geometry).reshape(-1, 4), file, "lt_anchors"), file["lt_anchors"]
    )
    window = np.tile(hann_window(97).reshape(-1), 5)
    np.testing.assert_allclose(recorded.strided(window, file, "lt_window"), file["lt_window"], atol=1e-7)


@pytest.mark.parametrize("case", [case for name, case in CASES if name == MASK])
def test_the_mask_lies_in_the_picture_as_recorded(case):
    file = FILES[MASK]
    _, hyper, _, what = found(MASK, case)
    mask = full_frame(what.mask.probability, what.mask.box, *PICTURE.shape[:2])
    actual, wanted = recorded.strided(mask, file, f"{case}_mask_in_img"), file[f"{case}_mask_in_img"]
    assert np.abs(actual - wanted).max() < 1e-4
    polygon = rotated_box(mask, float(hyper.mask_threshold), file[f"{case}_bbox"])
    np.testing.assert_allclose(polygon, file[f"{case}_polygon"], atol=1e-3)


def test_drift_slows_neither_the_mask_tracker_nor_the_long_term_one():
    drift = OnlineConfig(short_term_drift=True)
    for name in (MASK, LONG_TERM):
        config = replace(recorded.settings(name).config, online=drift)
        assert not outcome.drifts(config)
